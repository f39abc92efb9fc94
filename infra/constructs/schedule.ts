/** Invokes a function at fixed times, through EventBridge Scheduler and a role that may do only that. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { ServiceFunction } from './service-function.ts';

export interface ScheduleProps {
  readonly service: ServiceFunction;
  /** Unique within the stage. @default the function's */
  readonly name?: string;
  /** `rate(…)` or `cron(…)` in UTC (scheduler/latest/UserGuide/schedule-types.html). */
  readonly expression: string;
  readonly description: string;
  /** @default an empty object */
  readonly event?: object;
}

export class Schedule extends Construct {
  constructor(scope: Construct, id: string, props: ScheduleProps) {
    super(scope, id);
    const { service, name = service.functionName, expression, description, event = {} } = props;
    const stack = Stack.of(this);
    const group = stack.formatArn({
      service: 'scheduler',
      resource: 'schedule-group',
      resourceName: 'default',
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account, 'aws:SourceArn': group } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [service.functionArn] }),
    );
    const schedule = new CfnSchedule(this, 'Schedule', {
      name,
      description,
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: service.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify(event),
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 1_800 },
      },
    });
    // Scheduler checks at once whether it may assume the role for this target.
    schedule.node.addDependency(role);
  }
}
