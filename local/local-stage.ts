/** The stage that one machine runs: the same configuration as any other, with what only a start knows. */
import type { LocalConfig, StageConfig } from '../infra/config.ts';
import { LOCAL_STAGE } from '../infra/config.ts';
import { CLOUD_REGION } from './cloud/ministack.ts';
import type { Settings } from './settings.ts';

export interface LocalStageOptions {
  readonly settings: Settings;
  readonly discord: StageConfig['discord'];
  readonly local: LocalConfig;
  /** Of the executor's environment, e.g. `3.11`. */
  readonly python: string;
}

/** What the executor needs beside a run (infra/config.ts checks it): its own memory, and room for packages. */
const EXECUTOR_OWN_MEGABYTES = 512;
const PACKAGES_AND_INPUTS_MEGABYTES = 8_192;
const SMALLEST_EXECUTOR_MEGABYTES = 3_008;

export function localStage({ settings, discord, local, python }: LocalStageOptions): StageConfig {
  const { limits } = settings;
  return {
    stage: LOCAL_STAGE,
    region: CLOUD_REGION,
    discord,
    limits,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    python: python as StageConfig['python'],
    // Whatever limits a person sets here have to fit: this machine's memory and disk are the real bound.
    executor: {
      memoryMegabytes: Math.max(SMALLEST_EXECUTOR_MEGABYTES, limits.memoryMegabytes + EXECUTOR_OWN_MEGABYTES),
      storageMegabytes: limits.diskMegabytes + PACKAGES_AND_INPUTS_MEGABYTES,
    },
    availabilityZones: [`${CLOUD_REGION}a`, `${CLOUD_REGION}b`],
    local,
  };
}
