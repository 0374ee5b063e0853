// Package parameters plans a set-up from two user pools. It makes the parameter files
// of the templates in deploy, and lists the attributes that would be lost and the
// next commands. It is pure: it makes no calls and writes nothing.
package parameters

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// Pool is a user pool with its app clients.
type Pool struct {
	setup.UserPool
	Clients []Client
	// SecondFactors is how the pool asks for second factors.
	SecondFactors domain.DestinationMFA
}

// Client is an app client with its name.
type Client struct {
	Name string
	setup.AppClient
}

// Request is what is known before anything is deployed.
type Request struct {
	Source, Destination Pool
	// SourceProfile and DestinationProfile name the operator's AWS profiles; empty
	// for the environment's credentials.
	SourceProfile, DestinationProfile string
	// Folder is where the files go.
	Folder string
	// ExternalID is a new random one, for the role of a second account.
	ExternalID string
}

// Plan is what init writes and prints.
type Plan struct {
	// OneAccount is true if both pools are in one account.
	OneAccount bool
	// Attributes are the rules for attributes that both schemas have.
	Attributes []string
	// Lost are the source's attributes that no migrated user gets.
	Lost []Lost
	// Checks are what doctor would say of the two pools.
	Checks []doctor.Check
	Files  []File
	// Alternatives are the commands with Terraform in place of those with
	// CloudFormation.
	Steps, Alternatives []Step
	entries             map[string][]entry
}

// Lost is an attribute that is not migrated, and why.
type Lost struct{ Name, Why string }

// File is a file to be written.
type File struct {
	Name    string
	Content []byte
}

// Step is a step of the set-up: commands that can be pasted.
type Step struct {
	Title    string
	Commands []string
}

// The names of what the templates make.
const (
	functionName = "user-migration"
	functionRole = "user-migration-function"
	sourceRole   = "user-migration"
	auditKey     = "/user-migration/audit-hmac-key"
	// fromSourceStack is replaced by the ID of the app client that the source's
	// stack makes. The templates refuse it, so a forgotten step is seen.
	fromSourceStack = "FROM-THE-SOURCE-STACK"
)

// Make plans the set-up.
func Make(request Request) Plan {
	source, destination := request.Source, request.Destination
	plan := Plan{OneAccount: arnOf(source).account == arnOf(destination).account}
	plan.Attributes, plan.Lost = attributes(source.UserPool, destination.UserPool)
	rules := domain.DefaultRules()
	if parsed, err := domain.ParseAttributeMap(strings.Join(plan.Attributes, ",")); err == nil {
		rules.Attributes = parsed
	}
	rules.DestinationMFA, rules.PasswordPolicy = destination.SecondFactors, destination.PasswordPolicy
	settings := doctor.Settings{
		Rules: rules, DestinationSchema: doctor.DestinationSchema(destination.UserPool), Conceal: true,
		SourceKind: "cognito", SourceName: "SOURCE", Source: &doctor.CognitoSource{UserPoolID: source.ID},
	}
	settings.Rules.Username = usernameRule(settings, source.UserPool, destination.UserPool)
	plan.Checks = doctor.Foresee(settings, source.UserPool, destination.UserPool, signInClient(destination.Clients))
	plan.entries = entriesOf(request, plan, settings)
	plan.Files = files(plan)
	plan.Steps, plan.Alternatives = steps(request, plan)
	return plan
}

// attributes lists the rules for the attributes that both schemas have, and the
// source's attributes that have no rule.
func attributes(source, destination setup.UserPool) (rules []string, lost []Lost) {
	standard := 0
	var custom []string
	for _, attribute := range sorted(source.Attributes) {
		name := attribute.Name
		target, there := find(destination.Attributes, name)
		isStandard := slices.Contains(domain.StandardAttributes(), name)
		switch {
		case !isStandard && !strings.HasPrefix(name, "custom:"):
			// Cognito makes these itself, or they follow their contact.
		case !there:
			lost = append(lost, Lost{name, "the destination's schema lacks it"})
		case target.Type != attribute.Type:
			lost = append(lost, Lost{name, fmt.Sprintf("it is a %s at the source, and a %s at the destination", attribute.Type, target.Type)})
		case name == "preferred_username" && !doctor.MovesOwnNames(source, destination):
			lost = append(lost, Lost{name, "it is an alias of the destination alone, and users could take names of others with it"})
		case isStandard && name != "preferred_username":
			standard++
			rules = append(rules, name)
		default:
			custom = append(custom, name)
		}
	}
	if standard == len(domain.StandardAttributes())-1 { // all but preferred_username
		rules = []string{"*"}
	}
	const oldSub = "custom:legacy_sub"
	if target, there := find(destination.Attributes, oldSub); there && target.Type == "String" && !slices.Contains(custom, oldSub) {
		custom = append(custom, oldSub+"=sub")
	}
	return append(rules, custom...), lost
}

func sorted(attributes []setup.PoolAttribute) []setup.PoolAttribute {
	return slices.SortedFunc(slices.Values(attributes), func(a, b setup.PoolAttribute) int { return strings.Compare(a.Name, b.Name) })
}

func find(attributes []setup.PoolAttribute, name string) (setup.PoolAttribute, bool) {
	for _, attribute := range attributes {
		if attribute.Name == name {
			return attribute, true
		}
	}
	return setup.PoolAttribute{}, false
}

// usernameRule is the first rule that doctor has nothing against; if there is none,
// the first that works for some users, and otherwise the default.
func usernameRule(settings doctor.Settings, source, destination setup.UserPool) domain.UsernameRule {
	best := domain.UsernameAuto
	found := doctor.Fail
	for _, rule := range []domain.UsernameRule{domain.UsernameAuto, domain.UsernameSource, domain.UsernameOmit, domain.UsernameSubmitted} {
		settings.Rules.Username = rule
		for _, check := range doctor.Foresee(settings, source, destination, nil) {
			if check.Name != doctor.NameUsername {
				continue
			}
			if check.Status == doctor.Pass {
				return rule
			}
			if check.Status == doctor.Warn && found == doctor.Fail {
				best, found = rule, doctor.Warn
			}
		}
	}
	return best
}

// signInClient is the destination's app client that doctor is to look at: the first
// by name that invokes the trigger, or else the first.
func signInClient(clients []Client) *setup.AppClient {
	sorted := byName(clients)
	for _, client := range sorted {
		if doctor.SignsInWithPassword(client.AppClient) {
			return &client.AppClient
		}
	}
	if len(sorted) == 0 {
		return nil
	}
	return &sorted[0].AppClient
}

// byName sorts app clients, because a pool lists them in no order.
func byName(clients []Client) []Client {
	return slices.SortedFunc(slices.Values(clients), func(a, b Client) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
}

// sourceClient is the ID of an app client of the source that the function can use
// unchanged. It prefers the one with the function's name to the first by name. It is
// empty if one must be created.
func sourceClient(clients []Client) string {
	best := ""
	for _, client := range byName(clients) {
		if doctor.ServesAsSource(client.AppClient) && (best == "" || client.Name == functionName) {
			best = client.ID
		}
	}
	return best
}

// arn has the parts of a user pool's ARN.
type arn struct{ partition, region, account string }

func arnOf(pool Pool) arn {
	parts := strings.Split(pool.ARN, ":")
	if len(parts) < 6 {
		region, _, _ := strings.Cut(pool.ID, "_")
		return arn{"aws", region, ""}
	}
	return arn{parts[1], parts[3], parts[4]}
}
