package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/reportstate"
	planning "cognito-user-migration/app/plan"
	reporting "cognito-user-migration/app/report"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/ports/setup"

	"github.com/spf13/pflag"
)

// planFlags are the inputs of a plan.
type planFlags struct {
	in                                   planning.Input
	state, sourceKind                    string
	profile, habits                      string
	region, sourceRegion, sourceAWS      string
	destinationQuota, sourceQuota, price map[string]float64
	asJSON                               bool
}

// planCommand simulates a migration before it starts.
func planCommand() command {
	given := planFlags{in: planning.DefaultInput()}
	return command{
		name:    "plan",
		summary: "simulate the first days: load, quotas, waiting time, cost",
		purpose: `Simulates the migration: the busiest hour against the quotas of both accounts
and Lambda's limit, the days until most users have moved, and the cost. Nothing
is called unless you ask for the accounts' own quotas with a region. The same
seed gives the same plan. docs/plan.md describes the model and its limits.`,
		required: []string{"users|state"},
		examples: [2]string{
			"bin/migratectl plan --users 2000000 --active 0.2 --peak-hour 0.15",
			"bin/migratectl plan --state move.db --source-latency 250ms --json",
		},
		failure: "the quotas or the state file could not be read",
		flags:   given.declare,
		run:     func(ctx context.Context, s streams, _ string) error { return showPlan(ctx, &given, s) },
	}
}

func (p *planFlags) declare(flags *pflag.FlagSet) {
	in := &p.in
	flags.Var(whole(&in.Users, 1, planning.MaxUsers), "users", "the `NUMBER` of users who have not moved")
	flags.StringVar(&p.state, "state", "", "the state `FILE` of migratectl report, which gives the users, those who moved and those who will be refused")
	flags.Var(share(&in.Active, 0.0001), "active", "the `SHARE` of the users who sign in on a day, such as 0.1 or 10%")
	flags.Var(share(&in.PeakHour, 1.0/24), "peak-hour", "the `SHARE` of a day's sign-ins that its busiest hour has")
	p.habits = string(in.Habits)
	choiceVar(flags, &p.habits, "habits", "how users differ: mixed (some sign in more often) or alike", string(planning.HabitsMixed), string(planning.HabitsAlike))
	flags.Var(number(&in.WrongPasswords, 0, 10), "wrong-passwords", "the `NUMBER` of attempts with a wrong password per sign-in")
	flags.Var(duration(&in.SourceLatency), "source-latency", "the mean `TIME` of one request to the source")
	p.sourceKind = "cognito"
	choiceVar(flags, &p.sourceKind, "source-kind", "cognito, whose quotas count, or other", "cognito", "other")
	p.profile = string(in.Profile)
	choiceVar(flags, &p.profile, "source-profile", "SOURCE_PROFILE: admin_get_user, concurrent or id_token", string(planning.ProfileAdminGetUser), string(planning.ProfileConcurrent), string(planning.ProfileIDToken))
	flags.Var(whole(&in.SourceParallel, 0, 1e6), "source-parallel", "the `NUMBER` of requests that the source processes at a time; 0 means no limit")
	flags.Var(whole(&in.Concurrency, 0, 1e6), "concurrency", "the limit `NUMBER` of concurrent executions of Lambda; 0 means no limit")
	flags.Var(whole(&in.Attempts, 1, 10), "tries", "the `NUMBER` of times a user tries to sign in")
	flags.Var(duration(&in.RetryAfter), "retry-after", "the mean `TIME` between two attempts of a user")
	flags.BoolVar(&in.Completion, "completion", false, "moves are completed: the source user is disabled")
	flags.Var(whole(&in.Waves, 1, 100), "waves", "the `NUMBER` of groups of clients that are switched over one after the other")
	flags.Var(whole(&in.WaveDays, 1, 365), "wave-days", "the `DAYS` between two waves")
	flags.BoolVar(&in.SameAccount, "same-account", false, "both pools share the destination's account and region, and its quotas")
	p.destinationQuota, p.sourceQuota, p.price = map[string]float64{}, map[string]float64{}, map[string]float64{}
	var categories []string
	for _, category := range planning.Categories() {
		categories = append(categories, string(category))
	}
	flags.Func("destination-quota", "a quota of the destination's account as `CATEGORY=NUMBER` per second; 0 means no limit; repeatable", namedNumber(p.destinationQuota, categories))
	flags.Func("source-quota", "a quota of the source's account, as `CATEGORY=NUMBER` too; repeatable", namedNumber(p.sourceQuota, categories))
	flags.Var(checked(&p.region, parsesAs[cognitosource.Region]), "destination-region", "ask the destination's account for its quotas in this `REGION`")
	flags.Var(checked(&p.sourceRegion, parsesAs[cognitosource.Region]), "source-region", "ask the source's account for its quotas in this `REGION`")
	flags.StringVar(&p.sourceAWS, "source-aws-profile", "", "a `PROFILE` of your own in the source account, for --source-region")
	flags.Func("price", "a price in USD as `NAME=NUMBER`; docs/plan.md lists the names; repeatable", namedNumber(p.price, slices.Sorted(maps.Keys(pricesOf(&in.Prices)))))
	flags.Uint64Var(&in.Seed, "seed", in.Seed, "the `NUMBER` that the random numbers begin with")
	flags.BoolVar(&p.asJSON, "json", false, "print one JSON object")
}

// pricesOf are the prices by their names.
func pricesOf(prices *planning.Prices) map[string]*float64 {
	return map[string]*float64{
		"destination-mau": &prices.DestinationMAU, "source-mau": &prices.SourceMAU, "free-mau": &prices.FreeMAU,
		"lambda-request": &prices.LambdaRequest, "lambda-gb-second": &prices.LambdaGBSecond, "log-gb": &prices.LogsGB,
	}
}

// namedNumber reads NAME=NUMBER into a map.
func namedNumber(to map[string]float64, names []string) func(string) error {
	return func(text string) error {
		name, number, _ := strings.Cut(text, "=")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil || !(value >= 0) || math.IsInf(value, 0) || !slices.Contains(names, name) {
			return errors.New("expected NAME=NUMBER with a name of " + strings.Join(names, ", "))
		}
		to[name] = value
		return nil
	}
}

func showPlan(ctx context.Context, given *planFlags, s streams) error {
	in := &given.in
	switch {
	case in.Users > 0 && given.state != "":
		return wrongUse("give --users or --state, not both")
	case given.sourceAWS != "" && given.sourceRegion == "":
		return wrongUse("--source-aws-profile reads the source's quotas; give --source-region too")
	case given.sourceKind == "other" && (given.sourceRegion != "" || len(given.sourceQuota) > 0 || in.SameAccount):
		return wrongUse("--source-region, --source-quota and --same-account are for --source-kind cognito")
	case in.SameAccount && (given.sourceRegion != "" || len(given.sourceQuota) > 0):
		return wrongUse("--same-account uses the destination's quotas; leave out --source-region and --source-quota")
	}
	in.Habits, in.Profile, in.SourceIsPool = planning.Habits(given.habits), planning.Profile(given.profile), given.sourceKind == "cognito"
	prices := pricesOf(&in.Prices)
	for name, value := range given.price {
		*prices[name] = value
	}
	if given.state != "" {
		if err := usersOf(ctx, given.state, in); err != nil {
			return err
		}
	}
	if err := given.readQuotas(ctx); err != nil {
		return err
	}
	result, err := planning.Make(*in)
	if err != nil {
		return err
	}
	if !given.asJSON {
		return planning.WriteText(s.out, result)
	}
	return trial.WriteJSON(s.out, result)
}

// usersOf takes the users from the last scan of a report.
func usersOf(ctx context.Context, state string, in *planning.Input) error {
	totals, err := reportstate.LastTotals(ctx, state)
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	var report reporting.Output
	if err := json.Unmarshal([]byte(totals), &report); err != nil {
		return fmt.Errorf("--state: %s: the totals of the last scan are not a report's; scan again", state)
	}
	in.Users, in.Moved = report.Remaining.Users, report.Moved.Users
	if in.Users == 0 {
		return fmt.Errorf("--state: %s: no user remains, so there is nothing to plan", state)
	}
	refused := 0
	for _, users := range report.Remaining.SignIn.Refuse {
		refused += users
	}
	in.Refused = min(float64(refused)/float64(in.Users), 1)
	return nil
}

// readQuotas asks the accounts for their quotas. A flag is stronger.
func (p *planFlags) readQuotas(ctx context.Context) error {
	for _, account := range []struct {
		flag, region, profile string
		into                  planning.Quotas
		given                 map[string]float64
	}{
		{"destination-region", p.region, "", p.in.Destination, p.destinationQuota},
		{"source-region", p.sourceRegion, p.sourceAWS, p.in.Source, p.sourceQuota},
	} {
		if account.region != "" {
			loaded, err := awssetup.Load(ctx, account.profile, account.region)
			if err != nil {
				return fmt.Errorf("--%s: %w", account.flag, err)
			}
			reader := loaded.Quotas(account.region) //nolint:contextcheck // it asks nobody
			if err := ownQuotas(ctx, reader, account.into); err != nil {
				return fmt.Errorf("--%s: %w; leave out the flag to plan with the documented defaults", account.flag, err)
			}
		}
		for name, quota := range account.given {
			account.into[planning.Category(name)] = planning.Quota{PerSecond: quota, Origin: planning.OriginGiven}
		}
	}
	return nil
}

// ownQuotas replaces the documented quotas by the account's.
func ownQuotas(ctx context.Context, reader setup.QuotaReader, into planning.Quotas) error {
	for _, category := range planning.Categories() {
		quota, err := reader.Quota(ctx, string(category))
		if errors.Is(err, setup.ErrNotPermitted) {
			return fmt.Errorf("%w; allow cognito-idp:GetProvisionedLimit", err)
		}
		if err != nil {
			return err
		}
		into[category] = planning.Quota{PerSecond: quota, Origin: planning.OriginAccount}
	}
	return nil
}
