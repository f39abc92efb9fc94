/** What the operator hears and sees: alarms by mail, one dashboard, and a budget for the account. */
import { Duration } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import {
  type Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  SingleValueWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { StageConfig } from '../config.ts';
import type { Executor } from './executor.ts';
import type { InteractionsEndpoint } from './interactions-endpoint.ts';
import type { Renewal } from './renewal.ts';
import type { RunWorker } from './run-worker.ts';
import type { ServiceFunction } from './service-function.ts';
import type { Upkeep } from './upkeep.ts';

export interface MonitoringProps {
  readonly config: StageConfig;
  readonly endpoint: InteractionsEndpoint;
  readonly worker: RunWorker;
  readonly executor: Executor;
  readonly upkeep: Upkeep;
  readonly renewal: Renewal;
}

/** Discord gives up after 3 seconds. */
const SLOW_ANSWER_MS = 2_000;
/** It is renewed every seven, and looked at every day. */
const OLD_ENVIRONMENT_DAYS = 9;

export class Monitoring extends Construct {
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { config } = props;
    this.topic = new Topic(this, 'Alarms', { enforceSSL: !config.local });
    acknowledge(this.topic, {
      'Serverless-SNSRedrivePolicy':
        'It sends mail, which has no dead-letter queue; alarms stay visible anyway.',
    });
    if (config.alarmEmail) this.topic.addSubscription(new EmailSubscription(config.alarmEmail));
    this.addAlarms(props);
    this.addDashboard(props);
    if (config.monthlyBudgetDollars !== undefined && config.alarmEmail && !config.local) {
      this.addBudget(config.stage, config.monthlyBudgetDollars, config.alarmEmail);
    }
  }

  private addAlarms({ endpoint, worker, executor, upkeep, renewal }: MonitoringProps): void {
    const { lost, failed } = worker;
    this.alarm('LostRuns', 'Runs failed and their users could not be told: look at the queue', {
      metric: lost.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
    });
    this.alarm('StuckFailures', 'Failed runs have been waiting for ten minutes to be told to their users', {
      metric: failed.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
      threshold: 600,
    });
    this.alarm('WorkerErrors', 'The worker failed: a command was not carried out', errors(worker.service));
    this.alarm('FailureErrors', 'Telling users about failed runs failed', errors(worker.failures));
    this.alarm(
      'ExecutorErrors',
      'The executor itself failed, not the code that it ran',
      errors(executor.service),
    );
    this.alarm('ExecutorThrottled', 'Runs were refused: more users at a time than the account allows', {
      metric: executor.service.function.metricThrottles({ period }),
    });
    this.alarm('InteractionErrors', 'Commands were not answered', errors(endpoint.service));
    this.alarm('SlowAnswers', 'Answers to Discord take over 2 seconds; it gives up after 3', {
      metric: endpoint.api.metricLatency({ period, statistic: 'p99' }),
      threshold: SLOW_ANSWER_MS,
    });
    this.alarm('CleanupErrors', 'The hourly clean-up failed', errors(upkeep.cleanup));
    this.alarm(
      'RebuildErrors',
      'A new package environment could not be built; the old one serves on',
      errors(renewal.rebuild),
    );
    this.alarm(
      'RolloutFailed',
      'A new package environment was refused or could not be promoted; the old one serves on',
      errors(renewal.promote),
    );
    this.alarm('EnvironmentOld', 'The package environment has not been renewed for nine days', {
      // As functions/rebuild/age.py writes it.
      metric: new Metric({
        namespace: 'Slashbox',
        metricName: 'EnvironmentAgeDays',
        dimensionsMap: { FunctionName: renewal.rebuild.functionName },
        statistic: 'Maximum',
        period: Duration.days(1),
      }),
      threshold: OLD_ENVIRONMENT_DAYS,
    });
  }

  private alarm(
    id: string,
    alarmDescription: string,
    { metric, threshold = 1 }: { readonly metric: Metric; readonly threshold?: number },
  ): Alarm {
    const alarm = metric.createAlarm(this, id, {
      alarmDescription: `Slashbox: ${alarmDescription}.`,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  private addDashboard({ config, endpoint, worker, executor, upkeep, renewal }: MonitoringProps): void {
    const all = [
      endpoint.service,
      worker.service,
      executor.service,
      worker.failures,
      upkeep.cleanup,
      renewal.rebuild,
      renewal.promote,
    ];
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    new Dashboard(this, 'Dashboard', {
      dashboardName: `slashbox-${config.stage}`,
      defaultInterval: Duration.days(1),
      widgets: [
        [
          new SingleValueWidget({
            title: 'Last day',
            width: 24,
            setPeriodToTimeRange: true,
            metrics: [
              endpoint.service.function.metricInvocations({ label: 'commands and buttons' }),
              executor.service.function.metricInvocations({ label: 'runs' }),
              worker.service.function.metricErrors({ label: 'worker failures' }),
              executor.service.function.metricThrottles({ label: 'runs refused' }),
            ],
          }),
        ],
        [
          graph(
            'Invocations',
            all.map((service) => service.function.metricInvocations({ period })),
          ),
          graph(
            'Errors',
            all.map((service) => service.function.metricErrors({ period })),
          ),
        ],
        [
          graph('Answer to Discord, ms', [
            endpoint.api.metricLatency({ period, statistic: 'p50' }),
            endpoint.api.metricLatency({ period, statistic: 'p99' }),
          ]),
          graph('Runs, ms', [
            executor.service.function.metricDuration({ period, statistic: 'p50' }),
            executor.service.function.metricDuration({ period, statistic: 'p99' }),
          ]),
        ],
        [
          graph('Failed events', [
            worker.failed.metricApproximateNumberOfMessagesVisible({ label: 'to be told' }),
            worker.lost.metricApproximateNumberOfMessagesVisible({ label: 'lost' }),
          ]),
          graph('Concurrent runs', [
            executor.service.function.metric('ConcurrentExecutions', { period, statistic: 'Maximum' }),
          ]),
        ],
      ],
    });
  }

  private addBudget(stage: string, dollars: number, address: string): void {
    const subscribers = [{ subscriptionType: 'EMAIL', address }];
    const at = (notificationType: string, threshold: number) => ({
      notification: { notificationType, threshold, comparisonOperator: 'GREATER_THAN' },
      subscribers,
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `slashbox-${stage}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: dollars, unit: 'USD' },
      },
      notificationsWithSubscribers: [at('ACTUAL', 80), at('FORECASTED', 100)],
    });
  }
}

const period = Duration.minutes(5);

function errors(service: ServiceFunction): { readonly metric: Metric } {
  return { metric: service.function.metricErrors({ period }) };
}
