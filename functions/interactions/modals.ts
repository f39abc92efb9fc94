/**
 * The two modals. A modal has to be the first answer to a command, so it is opened here; its submission
 * is carried out by the worker. Bodies follow https://discord.com/developers/docs/components/reference.
 */
import type { APIModalInteractionResponse } from 'discord-api-types/v10';
import type { Limits } from '../shared/limits.ts';
import { MODAL } from '../shared/modal-ids.ts';

const LABEL = 18;
const TEXT_INPUT = 4;
const FILE_UPLOAD = 19;
const CHECKBOX = 23;
const PARAGRAPH = 2;
const MODAL_RESPONSE = 9;

/** Discord's ceiling for a text field in a modal. */
const MAX_FIELD_TEXT = 4_000;

/** The editor for several lines of code. */
export function runModal(): APIModalInteractionResponse {
  return {
    type: MODAL_RESPONSE,
    data: {
      custom_id: MODAL.run,
      title: 'Run Python',
      components: [
        {
          type: LABEL,
          label: 'Code',
          description: `Up to ${MAX_FIELD_TEXT.toLocaleString('en')} characters. For more, attach a .py file.`,
          component: {
            type: TEXT_INPUT,
            custom_id: 'code',
            style: PARAGRAPH,
            required: false,
            max_length: MAX_FIELD_TEXT,
            placeholder: 'import pandas as pd\ndf = pd.read_csv("sales.csv")\ndf.plot()',
          },
        },
        {
          type: LABEL,
          label: 'Input for input() (optional)',
          component: {
            type: TEXT_INPUT,
            custom_id: 'stdin',
            style: PARAGRAPH,
            required: false,
            max_length: MAX_FIELD_TEXT,
          },
        },
        {
          type: LABEL,
          label: 'Attach files (optional)',
          description: 'Data files for this run, or a .py script or .ipynb notebook.',
          component: {
            type: FILE_UPLOAD,
            custom_id: 'attach',
            required: false,
            min_values: 0,
            max_values: 10,
          },
        },
        {
          type: LABEL,
          label: 'Show the result only to me',
          component: { type: CHECKBOX, custom_id: 'private' },
        },
      ],
    },
  } as APIModalInteractionResponse;
}

/** Chooses up to ten files to keep. */
export function uploadModal(limits: Limits): APIModalInteractionResponse {
  const megabytes = Math.floor(limits.maxFileBytes / 1_048_576);
  return {
    type: MODAL_RESPONSE,
    data: {
      custom_id: MODAL.upload,
      title: 'Store files',
      components: [
        {
          type: LABEL,
          label: 'Files',
          description: `1 to 10 files, ${megabytes >= 1 ? `${megabytes} MiB` : `${limits.maxFileBytes} bytes`} each at most.`,
          component: { type: FILE_UPLOAD, custom_id: 'file', required: true, min_values: 1, max_values: 10 },
        },
      ],
    },
  } as APIModalInteractionResponse;
}
