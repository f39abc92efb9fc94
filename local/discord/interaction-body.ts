/** Builds the bodies that Discord sends to an application's endpoint, typed by discord-api-types. */
import type { APIBaseInteraction, APIUser, InteractionType } from 'discord-api-types/v10';
import type { Json } from './json.ts';
import { APP_PERMISSIONS, CHANNEL_ID, GUILD_ID, memberOf } from './people.ts';

/** Where an interaction happens: a server, a direct message with the bot, another private channel. */
export type Place = 'guild' | 'bot-dm' | 'private';
/** Who installed the application: the server's operator, or the user for themselves. */
export type Install = 'guild' | 'user';

export interface InteractionFrame {
  readonly id: string;
  readonly token: string;
  readonly applicationId: string;
  readonly user: APIUser;
  readonly place: Place;
  readonly install: Install;
  readonly attachmentSizeLimit: number;
  readonly locale: string;
}

const CONTEXT: Readonly<Record<Place, number>> = { guild: 0, 'bot-dm': 1, private: 2 };
const CHANNEL_TYPE: Readonly<Record<Place, number>> = { guild: 0, 'bot-dm': 1, private: 3 };

/** Whose installation made this interaction possible: `{"0": server}` or `{"1": user}`. */
export function ownersOf({
  install,
  place,
  user,
}: Pick<InteractionFrame, 'install' | 'place' | 'user'>): Record<string, string> {
  if (install === 'user') return { '1': user.id };
  return { '0': place === 'guild' ? GUILD_ID : '0' };
}

/** @param rest `data`, and for components and their modals `message` */
export function interactionBody(
  frame: InteractionFrame,
  type: number,
  rest: Readonly<Json>,
): APIBaseInteraction<InteractionType, unknown> {
  const { id, token, applicationId, user, place, attachmentSizeLimit, locale } = frame;
  const guild = { id: GUILD_ID, locale: 'en-GB', features: [] };
  const body = {
    app_permissions: APP_PERMISSIONS,
    application_id: applicationId,
    attachment_size_limit: attachmentSizeLimit,
    authorizing_integration_owners: ownersOf(frame),
    channel: { id: CHANNEL_ID, type: CHANNEL_TYPE[place], ...(place === 'guild' && { guild_id: GUILD_ID }) },
    channel_id: CHANNEL_ID,
    context: CONTEXT[place],
    entitlements: [],
    id,
    locale,
    ...(place === 'guild'
      ? { guild, guild_id: GUILD_ID, guild_locale: 'en-GB', member: memberOf(user) }
      : { user }),
    token,
    type,
    version: 1,
    ...rest,
  };
  return body as unknown as APIBaseInteraction<InteractionType, unknown>;
}

/** What Discord sends when an endpoint is saved, and from time to time later. */
export function pingBody(id: string, token: string, applicationId: string): Json {
  return {
    app_permissions: APP_PERMISSIONS,
    application_id: applicationId,
    authorizing_integration_owners: {},
    entitlements: [],
    id,
    token,
    type: 1,
    user: {
      avatar: null,
      bot: true,
      discriminator: '0000',
      global_name: 'Discord',
      id: '643945264868098049',
      public_flags: 1,
      system: true,
      username: 'discord',
    },
    version: 1,
  };
}
