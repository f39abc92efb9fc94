/** What a command gets and gives: the interaction in, one reply out. */
import type { Interaction } from '../../shared/interaction.ts';
import type { Reply } from '../reply/message.ts';

export type Command = (interaction: Interaction) => Promise<Reply>;
