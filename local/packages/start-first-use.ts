/** The first-use builder of this checkout's environment, for `npm start` and `npm run exec`. */
import type { SetupPaths } from '../../scripts/lib/paths.mjs';
import { readEnvironmentManifest } from '../../scripts/lib/seed-environment.ts';
import { createBundleBuilder } from './bundle-builder.ts';
import { type FirstUseOptions, type FirstUseService, startFirstUse } from './first-use.ts';

export interface FirstUseOfSetupOptions extends Pick<FirstUseOptions, 'port' | 'publish' | 'onActivity'> {
  readonly paths: SetupPaths;
  /** Folder of the environment that set-up made. */
  readonly packages: string;
  /** Says how this machine reaches its package index. */
  readonly env: NodeJS.ProcessEnv;
}

/** Ends what it builds when it is closed. */
export async function startFirstUseOfSetup(options: FirstUseOfSetupOptions): Promise<FirstUseService> {
  const { paths, packages, env, ...rest } = options;
  const { environment } = await readEnvironmentManifest(packages);
  const builder = createBundleBuilder({ paths, folder: packages, env });
  const service = await startFirstUse({ ...rest, environment, build: builder.build });
  return {
    ...service,
    async close() {
      await builder.close();
      await service.close();
    },
  };
}
