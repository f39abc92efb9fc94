/** The stage that `npm start` deploys into the embedded AWS: no file, only what is known once it has started. */
import type { Limits } from '../functions/shared/limits.ts';
import { diskNeedOf, LOCAL_STAGE, type LocalConfig, type StageConfig } from './config.ts';

export interface LocalStageOptions
  extends Pick<StageConfig, 'discord' | 'limits' | 'architecture' | 'python'> {
  readonly local: LocalConfig;
}

/** Where the embedded AWS says it is; any region would do. */
export const LOCAL_REGION = 'us-east-1';

/** What the executor needs beside a run; on one's own machine nobody pays for it. */
const SPARE_MEGABYTES = 1_024;
/** Lambda's most; the runner does not enforce it. */
const MOST_STORAGE_MEGABYTES = 10_240;

/** @param options limits may be any that {@link Limits} allows, as long as the clocks fit */
export function localStage({ limits, ...options }: LocalStageOptions): StageConfig {
  return {
    ...options,
    limits,
    stage: LOCAL_STAGE,
    region: LOCAL_REGION,
    executor: {
      memoryMegabytes: Math.max(3_008, limits.memoryMegabytes + SPARE_MEGABYTES),
      storageMegabytes: Math.min(Math.max(4_096, diskNeedOf(limits)), MOST_STORAGE_MEGABYTES),
    },
  };
}
