/** The id of a stack's VPC endpoint, of which there is one. */
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { cloudClient } from '../cloud/clients.ts';

export interface VpcEndpoint {
  /** Undefined while the stack has none. */
  id(): Promise<string | undefined>;
  close(): void;
}

export function createVpcEndpoint(endpoint: string, StackName: string): VpcEndpoint {
  const client = new CloudFormationClient(cloudClient(endpoint));
  let known: string | undefined;
  return {
    async id() {
      known ??= await find();
      return known;
    },
    close: () => client.destroy(),
  };

  async function find(): Promise<string | undefined> {
    for await (const { StackResourceSummaries = [] } of paginateListStackResources(
      { client },
      { StackName },
    )) {
      const found = StackResourceSummaries.find(
        ({ ResourceType }) => ResourceType === 'AWS::EC2::VPCEndpoint',
      );
      if (found) return found.PhysicalResourceId;
    }
    return undefined;
  }
}
