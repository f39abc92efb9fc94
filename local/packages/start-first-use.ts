/** The first-use builder of this checkout's environment, for `npm start` and `npm run exec`. */
import { readEnvironmentManifest } from '../../scripts/lib/seed-environment.ts';
import { type BundleBuilderOptions, createBundleBuilder } from './bundle-builder.ts';
import { type FirstUseOptions, type FirstUseService, startFirstUse } from './first-use.ts';

export interface FirstUseOfSetupOptions
  extends Pick<FirstUseOptions, 'memory' | 'publish' | 'onActivity'>,
    Pick<BundleBuilderOptions, 'paths' | 'env' | 'onProblem'> {
  /** Folder of the environment that set-up made. */
  readonly packages: string;
}

/** Ends what it builds when it is closed. */
export async function startFirstUseOfSetup(options: FirstUseOfSetupOptions): Promise<FirstUseService> {
  const { paths, packages, env, onProblem, ...rest } = options;
  const { environment } = await readEnvironmentManifest(packages);
  const builder = createBundleBuilder({ paths, folder: packages, env, ...(onProblem && { onProblem }) });
  const service = await startFirstUse({ ...rest, environment, build: builder.build });
  return {
    ...service,
    async close() {
      await builder.close();
      await service.close();
    },
  };
}
