package doctor

import (
	"slices"

	"cognito-user-migration/ports/setup"
)

// Foresee returns the checks that the two pools alone decide, before anything is
// deployed. The client is one of the destination's app clients; nil if there is
// none. It is pure.
func Foresee(settings Settings, source, destination setup.UserPool, client *setup.AppClient) []Check {
	settings.SourcePools, settings.DestinationPool = []string{source.ID}, destination.ID
	facts := Facts{Settings: settings}
	facts.sourcePool.value, facts.pool.value = source, destination
	facts.client = unasked[setup.AppClient]("the pool has no app client")
	if client != nil {
		facts.client = Fact[setup.AppClient]{value: *client}
	}
	foreseen := []string{
		namePool, nameClientFlow, nameClientErrors, nameAttributesSource, nameAttributesTarget, nameAttributesRequired,
		nameAttributesType, nameAttributesLength, nameSchema, NameUsername, nameCase, nameMFA,
	}
	var results []Check
	for _, check := range checks() {
		if slices.Contains(foreseen, check.name) {
			results = append(results, check.of(facts))
		}
	}
	if client == nil {
		results = append(results, named(nameClient, fail("the destination has no app client", "create the app client by which your app signs in, with "+flowPassword)))
	}
	if attached := destination.UserMigration; attached != "" {
		results = append(results, named(nameTrigger, warn("a function is attached already: "+attached, "if it is another one than the one that is set up now, `bin/migratectl attach --replace` takes its place")))
	}
	return results
}

func named(name string, check Check) Check {
	check.Name = name
	return check
}

// SignsInWithPassword reports whether a destination's app client allows a flow that
// invokes the trigger.
func SignsInWithPassword(client setup.AppClient) bool {
	return contains(client.Flows, flowPassword, flowAdminPassword, flowPasswordOld, flowAdminPasswordOld)
}

// ServesAsSource reports whether the function can use an app client of the source
// unchanged. It needs no secret, and says why a sign-in is refused.
func ServesAsSource(client setup.AppClient) bool {
	return contains(client.Flows, flowAdminPassword, flowAdminPasswordOld) && client.Secret.Empty() && !client.ConcealsUsers
}

// MovesOwnNames reports whether preferred_username can be migrated without letting
// users take names of others (see the check of the attributes at the destination).
func MovesOwnNames(source, destination setup.UserPool) bool {
	return !slices.Contains(destination.AliasAttributes, preferredUsername) || slices.Contains(source.AliasAttributes, preferredUsername)
}
