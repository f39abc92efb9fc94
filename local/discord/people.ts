/** Who and where: the users, the server and the channel of the fake, in the API's own shapes. */
import type { APIInteractionGuildMember, APIUser } from 'discord-api-types/v10';

/** Constant, so that a second start finds the files that a user stored in the first. */
export const GUILD_ID = '1100000000000000100';
export const CHANNEL_ID = '1100000000000000200';
const FIRST_USERS = [
  ['1100000000000000001', 'Ada'],
  ['1100000000000000002', 'Grace'],
] as const;

/** View, send, embed, attach, read history, use application commands, use external apps: bits of a permission set. */
const permissions = (...bits: bigint[]): string => String(bits.reduce((set, bit) => set | (1n << bit), 0n));
export const MEMBER_PERMISSIONS = permissions(10n, 11n, 14n, 15n, 16n, 31n, 50n);
export const APP_PERMISSIONS = permissions(10n, 11n, 14n, 15n, 16n, 17n, 18n);

export interface People {
  readonly list: readonly APIUser[];
  readonly bot: APIUser;
  /** @throws where nobody has the id */
  get(id: string): APIUser;
  add(name: string): APIUser;
}

export function createPeople(applicationId: string, newId: () => string): People {
  const list: APIUser[] = FIRST_USERS.map(([id, name]) => person(id, name));
  return {
    list,
    bot: { ...person(applicationId, 'Slashbox'), bot: true },
    get(id) {
      const found = list.find((user) => user.id === id);
      if (!found) throw new Error(`The fake Discord has no user ${id}; add one with addUser(name).`);
      return found;
    },
    add(name) {
      const user = person(newId(), name);
      list.push(user);
      return user;
    },
  };
}

const person = (id: string, name: string): APIUser => ({
  id,
  username: name.toLowerCase(),
  global_name: name,
  discriminator: '0',
  avatar: null,
});

/** A user as an interaction from a server shows them. */
export function memberOf(user: APIUser): APIInteractionGuildMember {
  const member = {
    user,
    roles: [],
    joined_at: '2026-01-01T00:00:00.000000+00:00',
    premium_since: null,
    deaf: false,
    mute: false,
    nick: null,
    avatar: null,
    banner: null,
    pending: false,
    communication_disabled_until: null,
    flags: 0,
    permissions: MEMBER_PERMISSIONS,
  };
  return member as unknown as APIInteractionGuildMember;
}
