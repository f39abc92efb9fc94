/** What the page and its server say to each other: JSON under `/page/`, and events of one stream. */
import type { APIMessage } from 'discord-api-types/v10';

export interface PageUser {
  readonly id: string;
  readonly name: string;
}

export interface PageCommandOption {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly autocomplete?: boolean;
  readonly min_length?: number;
  readonly max_length?: number;
  readonly min_value?: number;
  readonly max_value?: number;
  readonly choices?: readonly { readonly name: string; readonly value: string | number }[];
  readonly options?: readonly PageCommandOption[];
}

export interface PageCommand {
  readonly id: string;
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly options?: readonly PageCommandOption[];
}

export interface Health {
  readonly ready: boolean;
  /** For people: what is ready, or what is being waited for. */
  readonly detail: string;
}

/** `GET /page/state` */
export interface PageState {
  readonly users: readonly PageUser[];
  readonly commands: readonly PageCommand[];
  readonly notices: readonly string[];
  /** Why commands cannot be sent from here; null where they can. */
  readonly sendingDisabled: string | null;
  /** Bytes that one attached file may have. */
  readonly maxUploadBytes: number;
  readonly health: Health;
}

/** Data of the events of `GET /page/events?user=ID`. The first one is the channel as it is at that moment. */
export type PageEvent =
  | {
      readonly kind: 'channel';
      readonly messages: readonly APIMessage[];
      readonly activity: string | null;
    }
  | { readonly kind: 'create' | 'update'; readonly message: APIMessage }
  | { readonly kind: 'delete'; readonly id: string }
  /** What the system is doing meanwhile; null where it only waits. */
  | { readonly kind: 'activity'; readonly text: string | null };

export type ActionValue = string | number | boolean | { readonly uploadId: string };

/** `POST /page/actions` */
export type PageAction = { readonly user: string } & (
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly options: Readonly<Record<string, ActionValue>>;
    }
  | { readonly kind: 'message-command'; readonly name: string; readonly messageId: string }
  | {
      readonly kind: 'component';
      readonly messageId: string;
      readonly customId: string;
      readonly values?: readonly string[];
    }
  | {
      readonly kind: 'modal';
      readonly modalId: string;
      readonly values: Readonly<Record<string, string | boolean | readonly string[] | null>>;
      readonly files: Readonly<Record<string, readonly { readonly uploadId: string }[]>>;
    }
  | {
      readonly kind: 'autocomplete';
      readonly name: string;
      readonly options: Readonly<Record<string, ActionValue>>;
      readonly focused: string;
    }
  | {
      readonly kind: 'post';
      readonly content: string;
      readonly attachments: readonly { readonly uploadId: string }[];
    }
  | { readonly kind: 'dismiss'; readonly messageId: string }
);

export interface PageModal {
  readonly id: string;
  readonly title: string;
  readonly components: readonly Readonly<Record<string, unknown>>[];
}

export interface PageChoice {
  readonly name: string;
  readonly value: string | number;
}

export type PageAnswer =
  | { readonly ok: true; readonly modal?: PageModal; readonly choices?: readonly PageChoice[] }
  | {
      readonly ok: false;
      /** What Discord would show. */
      readonly shown: string;
      /** What happened behind it, where the application is at fault. */
      readonly reason?: string;
    };

/** `POST /page/uploads?name=…&type=…`, the file as the body. */
export type UploadAnswer =
  | { readonly ok: true; readonly uploadId: string; readonly filename: string; readonly size: number }
  | { readonly ok: false; readonly shown: string };
