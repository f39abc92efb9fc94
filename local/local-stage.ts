/** The stage that one machine runs: the same configuration as any other, with what only a start knows. */
import { executorNeedsOf, LOCAL_STAGE, type LocalConfig, type StageConfig } from '../infra/config.ts';
import { CLOUD_REGION } from './cloud/ministack.ts';
import type { Settings } from './settings.ts';

export interface LocalStageOptions {
  readonly settings: Settings;
  readonly discord: StageConfig['discord'];
  readonly local: LocalConfig;
  /** Of the executor's environment, e.g. `3.11`. */
  readonly python: string;
}

/** As deployed by default. */
const SMALLEST_EXECUTOR_MEGABYTES = 3_008;

export function localStage({ settings, discord, local, python }: LocalStageOptions): StageConfig {
  const { limits } = settings;
  const needs = executorNeedsOf(limits);
  return {
    stage: LOCAL_STAGE,
    region: CLOUD_REGION,
    discord,
    limits,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    python: python as StageConfig['python'],
    // Whatever limits a person sets here have to fit: this machine's memory and disk are the real bound.
    executor: {
      memoryMegabytes: Math.max(SMALLEST_EXECUTOR_MEGABYTES, needs.memoryMegabytes),
      storageMegabytes: needs.storageMegabytes,
    },
    availabilityZones: [`${CLOUD_REGION}a`, `${CLOUD_REGION}b`],
    local,
  };
}
