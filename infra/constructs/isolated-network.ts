/**
 * Where user code runs: a network without a way out. Subnets have no route but to S3, the endpoint lets
 * only our two buckets pass, the security group only S3's addresses, and names resolve only for our
 * buckets' hosts, so that not even a DNS query carries anything out.
 */
import {
  CfnSecurityGroup,
  type GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  type ISecurityGroup,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  CfnFirewallDomainList,
  CfnFirewallRuleGroup,
  CfnFirewallRuleGroupAssociation,
} from 'aws-cdk-lib/aws-route53resolver';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { BUNDLES_PREFIX, ENVIRONMENTS_PREFIX } from '../../functions/shared/package-environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { type StageConfig, s3PrefixListOf } from '../config.ts';
import { FILE_PREFIXES } from './storage.ts';

export interface IsolatedNetworkProps {
  readonly config: StageConfig;
  readonly files: Bucket;
  readonly packages: Bucket;
}

/** The second is where environments had their own before they shared them; it can go with the last of those. */
const BUNDLES = [`${BUNDLES_PREFIX}*`, `${ENVIRONMENTS_PREFIX}*/bundles/*`];
/** The embedded AWS takes any. */
const LOCAL_ZONES = ['a', 'b'];
const LOCAL_PREFIX_LIST = 'pl-00000000';

export class IsolatedNetwork extends Construct {
  readonly vpc: Vpc;
  readonly securityGroup: ISecurityGroup;
  readonly subnetType = SubnetType.PRIVATE_ISOLATED;

  constructor(scope: Construct, id: string, { config, files, packages }: IsolatedNetworkProps) {
    super(scope, id);
    const zones =
      config.availabilityZones ?? (config.local && LOCAL_ZONES.map((zone) => config.region + zone));
    this.vpc = new Vpc(this, 'Vpc', {
      ...(zones ? { availabilityZones: [...zones] } : { maxAzs: 2 }),
      natGateways: 0,
      createInternetGateway: false,
      // It would take a custom resource with rights of its own to empty a group that nothing uses.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'executor', subnetType: this.subnetType, cidrMask: 20 }],
    });
    const endpoint = this.vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    this.restrict(endpoint, files, packages);
    packages.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ReadBundlesFromExecutors',
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject'],
        resources: BUNDLES.map((keys) => packages.arnForObjects(keys)),
        conditions: { StringEquals: { 'aws:SourceVpce': endpoint.vpcEndpointId } },
      }),
    );
    this.securityGroup = this.toS3Only(s3PrefixListOf(config) ?? LOCAL_PREFIX_LIST);
    // The embedded AWS knows no resolver rules; there the runner stands in for the network.
    if (!config.local) this.filterNames(config.stage, files, packages);
    acknowledge(this, {
      'AwsSolutions-VPC7': 'The only way out of this network is S3, and only to two buckets of our own.',
    });
  }

  private restrict(endpoint: GatewayVpcEndpoint, files: Bucket, packages: Bucket): void {
    const allow = (sid: string, action: string, ...resources: string[]) =>
      endpoint.addToPolicy(
        new PolicyStatement({ sid, principals: [new AnyPrincipal()], actions: [action], resources }),
      );
    allow(
      'ReadFilesAndBundles',
      's3:GetObject',
      ...BUNDLES.map((keys) => packages.arnForObjects(keys)),
      ...FILE_PREFIXES.map((prefix) => files.arnForObjects(`${prefix}*`)),
    );
    allow('WriteProducedFiles', 's3:PutObject', files.arnForObjects('outputs/*'));
  }

  /**
   * Not the library's own SecurityGroup: it writes a rule for a prefix list as a resource of its own and
   * leaves the group without any, which EC2 reads as "everything may leave".
   */
  private toS3Only(prefixList: string): ISecurityGroup {
    const group = new CfnSecurityGroup(this, 'ToS3Only', {
      vpcId: this.vpc.vpcId,
      groupDescription: 'Slashbox executor: HTTPS to S3 and nothing else',
      securityGroupEgress: [
        {
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          destinationPrefixListId: prefixList,
          description: 'S3',
        },
      ],
    });
    return SecurityGroup.fromSecurityGroupId(this, 'Group', group.attrGroupId, { mutable: false });
  }

  /** Route 53 resolver's DNS Firewall: security groups cannot filter the resolver of a network. */
  private filterNames(stage: string, files: Bucket, packages: Bucket): void {
    const ours = new CfnFirewallDomainList(this, 'OurBuckets', {
      name: `slashbox-${stage}-buckets`,
      domains: [files.bucketRegionalDomainName, packages.bucketRegionalDomainName],
    });
    const all = new CfnFirewallDomainList(this, 'AllNames', {
      name: `slashbox-${stage}-all`,
      domains: ['*'],
    });
    const rules = new CfnFirewallRuleGroup(this, 'NameRules', {
      name: `slashbox-${stage}`,
      firewallRules: [
        {
          priority: 10,
          action: 'ALLOW',
          firewallDomainListId: ours.attrId,
          // A bucket's name is an alias of S3's own hosts, which no rule names.
          firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
        },
        { priority: 20, action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: all.attrId },
      ],
    });
    new CfnFirewallRuleGroupAssociation(this, 'NameRulesHere', {
      name: `slashbox-${stage}`,
      priority: 101,
      vpcId: this.vpc.vpcId,
      firewallRuleGroupId: rules.attrId,
    });
  }
}
