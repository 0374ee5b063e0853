package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/doctor"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// lookupTimeout bounds each question that comes before the checks.
const lookupTimeout = 5 * time.Second

// discovered is what --function told about the set-up.
type discovered struct {
	// environ are the variables to examine.
	environ []string
	// own is true if they are the function's own.
	own bool
	// problem says why the function's variables could not be read.
	problem string
	notes   []string
}

// discover reads the function's variables, unless the operator's environment has
// variables of the function: then those are examined, as before a deployment. It
// also completes the flags by what the function and its permission say.
func discover(ctx context.Context, given *doctorFlags, environ []string) discovered {
	found := discovered{environ: environ}
	if given.function == "" {
		return found
	}
	given.region = cmp.Or(given.region, regionOfFunction(given.function))
	account, err := awssetup.Load(ctx, "", given.region)
	if err != nil {
		return found // the checks report it
	}
	functions := readerOfFunctions(account, cmp.Or(given.region, account.Region()))
	function, err := lookUp(ctx, func(ctx context.Context) (setup.Function, error) { return functions.Function(ctx, given.function) })
	if set := settingsIn(environ); len(set) > 0 {
		found.notes = append(found.notes, "the environment sets "+strings.Join(set, ", ")+", so the variables of the environment are checked; unset them to check the function's own")
	} else {
		switch {
		case err != nil:
			found.own, found.problem = true, "--function: the function's variables could not be read: "+err.Error()
			return found
		case function.Environment == nil:
			found.own, found.problem = true, "--function: the function's variables could not be read: their key may not be used by you; allow kms:Decrypt, or set the variables yourself"
			return found
		}
		found.own, found.environ = true, withVariables(environ, function.Environment)
	}
	if err != nil {
		return found
	}
	found.complete(ctx, given, account, functions, function)
	return found
}

// settingsIn lists the function's settings that an environment has.
func settingsIn(environ []string) []string {
	var set []string
	for _, setting := range config.Describe(binary().Sources) {
		if valueOf(environ, setting.Variable) != "" && !slices.Contains(set, setting.Variable) {
			set = append(set, setting.Variable)
		}
	}
	return set
}

// complete fills in the pool and the app client where there is only one choice.
func (d *discovered) complete(ctx context.Context, given *doctorFlags, account *awssetup.Account, functions setup.FunctionReader, function setup.Function) {
	if given.pool == "" {
		var pools []string
		if configured := function.Environment["MIGRATE_DESTINATION_USER_POOL_ID"]; !configured.Empty() {
			pools = []string{configured.Reveal()}
		} else {
			permissions, err := lookUp(ctx, func(ctx context.Context) ([]setup.InvokePermission, error) {
				return functions.InvokePermissions(ctx, given.function)
			})
			if err == nil {
				pools = doctor.InvokingPools(permissions)
			}
		}
		switch len(pools) {
		case 0:
			d.notes = append(d.notes, "the function does not say which user pool invokes it; give --destination-pool")
		case 1:
			given.pool, given.region = pools[0], regionOf(pools[0])
		default:
			d.notes = append(d.notes, "several user pools may invoke the function: "+strings.Join(pools, ", ")+"; give one of them as --destination-pool")
		}
	}
	if given.client != "" || given.pool == "" {
		return
	}
	clients, err := lookUp(ctx, func(ctx context.Context) (map[string]string, error) {
		return account.AppClients(ctx, regionOf(given.pool), given.pool)
	})
	switch {
	case err != nil:
		d.notes = append(d.notes, fmt.Sprintf("the app clients could not be listed: %v; give --destination-client", err))
	case len(clients) == 1:
		for id := range clients {
			given.client = id
		}
	default:
		d.notes = append(d.notes, fmt.Sprintf("the user pool %s has %d app clients; give the one of your app as --destination-client", given.pool, len(clients)))
	}
}

// lookUp puts one question with a deadline of its own.
func lookUp[T any](ctx context.Context, question func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	return question(ctx)
}

// regionOfFunction is the region in a function's ARN.
func regionOfFunction(function string) string {
	if parts := strings.Split(function, ":"); parts[0] == "arn" && len(parts) > 3 {
		return parts[3]
	}
	return ""
}

// withVariables replaces the environment's variables by the function's. AWS's own
// variables stay the operator's: they hold the operator's credentials.
func withVariables(environ []string, variables map[string]domain.Secret) []string {
	ours := func(name string) bool { return strings.HasPrefix(name, "AWS_") }
	merged := slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		_, theirs := variables[name]
		return theirs && !ours(name)
	})
	for name, value := range variables {
		if !ours(name) {
			merged = append(merged, name+"="+value.Reveal())
		}
	}
	return merged
}
