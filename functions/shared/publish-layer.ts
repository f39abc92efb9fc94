/** Makes a layer version of an environment's layer.zip, which lies in a bucket: it is too large for the call. */
import {
  type Architecture,
  type LambdaClient,
  PublishLayerVersionCommand,
  type Runtime,
} from '@aws-sdk/client-lambda';
import { layerDescription, layerKey } from './package-environment.ts';

/** What every manifest of the package build says. */
export interface LayerSource {
  readonly environment: string;
  /** e.g. `3.13` */
  readonly python: string;
  readonly architecture: 'x86_64' | 'arm64' | 'aarch64';
}

/** @returns the ARN of the new version */
export async function publishLayerVersion(
  lambda: LambdaClient,
  { environment, python, architecture }: LayerSource,
  place: { readonly layerName: string; readonly bucket: string },
): Promise<string> {
  const { LayerVersionArn } = await lambda.send(
    new PublishLayerVersionCommand({
      LayerName: place.layerName,
      Description: layerDescription(environment),
      Content: { S3Bucket: place.bucket, S3Key: layerKey(environment) },
      CompatibleRuntimes: [`python${python}` as Runtime],
      CompatibleArchitectures: [lambdaArchitecture(architecture)],
    }),
  );
  if (!LayerVersionArn) throw new Error(`Lambda named no version for the layer ${place.layerName}.`);
  return LayerVersionArn;
}

/** Python packaging and Lambda have different names for the same machine. */
export function lambdaArchitecture(architecture: LayerSource['architecture']): Architecture {
  return architecture === 'x86_64' ? 'x86_64' : 'arm64';
}
