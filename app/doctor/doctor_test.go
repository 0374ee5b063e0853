package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

const (
	operator = "arn:aws:sts::111111111111:assumed-role/operator/me"
	runner   = "arn:aws:sts::111111111111:assumed-role/migration-role/session"
	poolARN  = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_destination"
	lambda   = "arn:aws:lambda:us-east-1:111111111111:function:migrate"
)

// world is a set-up that answers from memory. moto gives a role without the
// external ID that its trust demands; this one does not, unless told to.
type world struct {
	destinationFactors func(context.Context) (domain.DestinationMFA, error)
	identity           setup.Identity
	roleErr            error
	bareRoleErr        error
	source             func() (setup.UserPool, error)
	client             setup.AppClient
	pool               setup.UserPool
	function           setup.Function
	permissions        []setup.InvokePermission
	reach              func(context.Context) (domain.Reason, error)
	queue              func() (setup.Queue, error)
	bus                func() (string, error)
	stream             func() (setup.DeliveryStream, error)
	groups             func() ([]string, error)
	unretiring         func(context.Context) ([]string, error)
	untelling          func(context.Context) ([]string, error)
	factors            func(context.Context) error
	table              func() (setup.Table, error)
	settings           doctor.Settings
	// claims is the function of the pre token generation trigger.
	claims                          setup.Function
	claimsPermissions               []setup.InvokePermission
	claimsErr, claimsPermissionsErr error
	clients                         []setup.AppClient
	clientsErr                      error
	chain                           []doctor.ChainedSource
	namedUser                       string
}

func (w *world) Table(context.Context, string) (setup.Table, error) { return w.table() }

// counting is a table that tries are counted in, with one thing changed.
func counting(change func(*setup.Table)) func() (setup.Table, error) {
	table := setup.Table{ARN: "arn:table", State: "ACTIVE", Key: []setup.TableKey{{Name: "digest", Type: "S"}}, Expires: "end"}
	change(&table)
	return func() (setup.Table, error) { return table, nil }
}

func (w *world) Queue(context.Context, string) (setup.Queue, error) { return w.queue() }

func (w *world) EventBus(context.Context, string) (string, error) { return w.bus() }

func (w *world) DeliveryStream(context.Context, string) (setup.DeliveryStream, error) {
	return w.stream()
}

func (w *world) Groups(context.Context, string) ([]string, error) { return w.groups() }

func (w *world) Identity(context.Context) (setup.Identity, error) { return w.identity, nil }

func (w *world) AssumeRole(_ context.Context, _, externalID string) error {
	if externalID == "" {
		return w.bareRoleErr
	}
	return w.roleErr
}

func (w *world) Function(_ context.Context, name string) (setup.Function, error) {
	if name == w.pool.PreToken {
		return w.claims, w.claimsErr
	}
	return w.function, nil
}

func (w *world) InvokePermissions(_ context.Context, name string) ([]setup.InvokePermission, error) {
	if name == w.pool.PreToken {
		return w.claimsPermissions, w.claimsPermissionsErr
	}
	return w.permissions, nil
}

// pools reads one of the two accounts.
type pools struct {
	pool       func() (setup.UserPool, error)
	client     setup.AppClient
	clients    []setup.AppClient
	clientsErr error
}

func (p pools) AppClients(context.Context, string) ([]setup.AppClient, error) {
	return p.clients, p.clientsErr
}

func (p pools) UserPool(context.Context, string) (setup.UserPool, error) { return p.pool() }

func (p pools) AppClient(context.Context, string, string) (setup.AppClient, error) {
	if _, err := p.pool(); err != nil {
		return setup.AppClient{}, err
	}
	return p.client, nil
}

// from changes the source pool.
func from(w *world, change func(*setup.UserPool)) {
	pool, _ := w.source()
	change(&pool)
	w.source = func() (setup.UserPool, error) { return pool, nil }
}

// preferred is a set-up with this rule, where preferred_username is an alias at the
// source, at the destination, or at neither.
func preferred(rule string, atSource, atDestination bool) func(*world) {
	return func(w *world) {
		w.settings.Rules.Attributes, _ = domain.ParseAttributeMap(rule + ",custom:legacy_sub=sub")
		attribute := setup.PoolAttribute{Name: "preferred_username", Type: "String", Mutable: true}
		aliases := map[bool][]string{true: {"preferred_username"}}
		from(w, func(p *setup.UserPool) {
			p.Attributes, p.AliasAttributes = append(slices.Clone(p.Attributes), attribute), aliases[atSource]
		})
		w.pool.Attributes, w.pool.AliasAttributes = append(slices.Clone(w.pool.Attributes), attribute), aliases[atDestination]
	}
}

func denied() error { return fmt.Errorf("AccessDenied: %w", setup.ErrNotPermitted) }

func inOrder() *world {
	schema := []setup.PoolAttribute{{Name: "sub", Type: "String", Required: true}, {Name: "email", Type: "String", Mutable: true}, {Name: "custom:legacy_sub", Type: "String", Mutable: true}}
	rules := domain.DefaultRules()
	rules.Attributes, _ = domain.ParseAttributeMap("email,custom:legacy_sub=sub")
	groups, _ := domain.ParseGroupMap("editors=writers")
	return &world{
		identity:    setup.Identity{ARN: operator, Account: "111111111111"},
		bareRoleErr: denied(),
		source: func() (setup.UserPool, error) {
			return setup.UserPool{ID: "us-east-1_source", Attributes: schema, MFA: "OFF", CaseSensitive: true}, nil
		},
		client: setup.AppClient{ID: "client", Flows: []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH"}, ConcealsUsers: false, WriteAttributes: []string{"email"}},
		pool:   setup.UserPool{ID: "us-east-1_destination", ARN: poolARN, Attributes: schema, MFA: "OFF", CaseSensitive: true, UserMigration: lambda},
		function: setup.Function{ARN: lambda, Name: "migrate", Role: "arn:aws:iam::111111111111:role/service/migration-role", Timeout: 5 * time.Second, MemoryMB: 512,
			State: "Active", Environment: map[string]domain.Secret{}},
		permissions: []setup.InvokePermission{{Allow: true, Principals: []string{"cognito-idp.amazonaws.com"}, Actions: []string{"lambda:InvokeFunction"}, SourceARNs: []string{poolARN}}},
		reach:       func(context.Context) (domain.Reason, error) { return domain.ReasonUserUnknown, nil },
		queue: func() (setup.Queue, error) {
			return setup.Queue{ARN: "arn:queue", Encryption: "SQS's own keys", DeadLetters: "arn:dead", MaxReceives: 20}, nil
		},
		bus: func() (string, error) { return "arn:bus", nil },
		stream: func() (setup.DeliveryStream, error) {
			return setup.DeliveryStream{ARN: "arn:stream", Status: "ACTIVE", Source: "DirectPut"}, nil
		},
		groups:     func() ([]string, error) { return []string{"writers"}, nil },
		unretiring: func(context.Context) ([]string, error) { return nil, nil },
		untelling:  func(context.Context) ([]string, error) { return nil, nil },
		destinationFactors: func(context.Context) (domain.DestinationMFA, error) {
			return domain.DestinationMFA{}, errors.New("nobody asks without carry or enroll")
		},
		factors: func(context.Context) error { return nil },
		table:   counting(func(*setup.Table) {}),
		settings: doctor.Settings{
			Lockout:           doctor.Lockout{Table: "lockout", KeyAttribute: "digest", ExpiryAttribute: "end", Unlimited: []string{"OLD (OLD_KIND=sql)"}},
			Audit:             doctor.Audit{Sinks: []string{"log", "eventbridge", "firehose"}, Format: "json", EventBus: "default", FirehoseStream: "audit"},
			Completion:        doctor.Completion{After: domain.AfterDelete, Groups: groups, QueueURL: "https://sqs.us-east-1.amazonaws.com/111111111111/completion"},
			DestinationSchema: doctor.DestinationSchema(setup.UserPool{Attributes: schema}),
			Rules:             rules, Conceal: false, SourceKind: "cognito", SourceName: "SOURCE",
			Source:          &doctor.CognitoSource{UserPoolID: "us-east-1_source", ClientID: "client", RoleARN: "arn:aws:iam::222222222222:role/migration", ExternalID: "external"},
			DestinationPool: "us-east-1_destination", DestinationClient: "client", Function: "migrate",
		},
	}
}

func (w *world) examine(ctx context.Context) map[string]doctor.Check {
	checks := make(map[string]doctor.Check)
	for _, check := range doctor.Examine(doctor.Gather(ctx, w.settings, doctor.Setup{
		Own: w, Roles: w, Functions: w, Reach: w.reach, Groups: w, Queues: w, AuditTargets: w, Tables: w, Unretiring: w.unretiring, Untelling: w.untelling, Factors: w.factors, DestinationFactors: w.destinationFactors,
		Sources: w.chain, NamedUser: w.namedUser,
		SourcePools:  []setup.UserPoolReader{pools{pool: w.source, client: w.client}},
		Destinations: pools{func() (setup.UserPool, error) { return w.pool, nil }, w.client, w.clients, w.clientsErr},
	})) {
		checks[check.Name] = check
	}
	return checks
}

func TestWhatMotoCannotShow(t *testing.T) {
	t.Parallel()
	const warn, fail, skip = doctor.Warn, doctor.Fail, doctor.Skip
	type statuses = map[string]doctor.Status
	base := inOrder().examine(t.Context())
	for name, check := range base {
		if check.Status == warn || check.Status == fail {
			t.Errorf("in order, %s is %s: %s", name, check.Status, check.Saw)
		}
	}
	unread := statuses{"source client flow": skip, "source client secret": skip, "source client errors": skip, "attributes at source": skip, "username shape": skip, "case sensitivity": skip, "MFA": skip}
	for name, row := range map[string]struct {
		change func(*world)
		but    statuses
		of     string
		saw    string
	}{
		"the external ID is demanded":     {func(*world) {}, statuses{}, "source external ID", "refused"},
		"the external ID is not demanded": {func(w *world) { w.bareRoleErr = nil }, statuses{"source external ID": warn}, "source external ID", "does not demand it"},
		"whether it is demanded cannot be seen": {func(w *world) { w.bareRoleErr = errors.New("no answer") },
			statuses{"source external ID": warn}, "source external ID", "the check got no answer"},
		"the trust names the function alone": {func(w *world) {
			w.roleErr, w.reach = denied(), func(context.Context) (domain.Reason, error) { return "", denied() }
		}, statuses{"source role": warn, "source external ID": skip, "source reached": warn, "source second factors": skip}, "source role", "not the function's role"},
		"the function itself is refused the role": {func(w *world) {
			w.identity.ARN, w.roleErr = runner, denied()
			w.reach = func(context.Context) (domain.Reason, error) { return "", denied() }
		}, statuses{"source role": fail, "source external ID": skip, "source reached": fail, "source second factors": skip}, "source role", "AccessDenied"},
		"STS does not answer": {func(w *world) { w.roleErr = errors.New("no answer") }, statuses{"source role": fail, "source external ID": skip}, "source role", "no answer"},
		"the source does not answer": {func(w *world) {
			w.reach = func(context.Context) (domain.Reason, error) { return "", errors.New("source_unreachable") }
		}, statuses{"source reached": fail, "source second factors": skip}, "source reached", "source_unreachable"},
		"the source knows a user whom nobody has": {func(w *world) {
			w.reach = func(context.Context) (domain.Reason, error) { return domain.ReasonUserDisabled, nil }
		}, statuses{"source reached": warn}, "source reached", "user_disabled"},
		"the role may not describe the pool": {func(w *world) { w.source = func() (setup.UserPool, error) { return setup.UserPool{}, denied() } },
			with(unread, statuses{"source pool": warn, "source client": warn}), "source pool", "AccessDenied"},
		"the source's account does not answer": {func(w *world) {
			w.source = func() (setup.UserPool, error) { return setup.UserPool{}, errors.New("no answer") }
		},
			with(unread, statuses{"source pool": fail, "source client": skip}), "source pool", "no answer"},
		"the trigger is an alias of the function": {func(w *world) { w.pool.UserMigration = lambda + ":live" }, statuses{}, "trigger", "a version or alias"},
		"the trigger is another alias": {func(w *world) { w.function.ARN, w.pool.UserMigration = lambda+":next", lambda+":live" },
			statuses{"trigger": fail}, "trigger", ":next"},
		"a function that failed":                {func(w *world) { w.function.State, w.function.StateReason = "Failed", "ImageDeleted" }, statuses{"function": fail}, "function", "ImageDeleted"},
		"a function that sleeps":                {func(w *world) { w.function.State = "Inactive" }, statuses{"function": warn}, "function", "Inactive"},
		"an environment under a key of its own": {func(w *world) { w.function.Environment = nil }, statuses{"function environment": skip}, "function environment", "cannot be read"},
		"a destination that demands MFA":        {func(w *world) { w.pool.MFA = "ON" }, statuses{"MFA": warn}, "MFA", "everyone is asked"},
		"names at the source made by Cognito":   {func(w *world) { byEmail(w); w.pool.AliasAttributes = []string{"email"} }, statuses{"username shape": fail}, "username shape", "no username may look like one"},
		"the same, named by the source's own": {func(w *world) {
			byEmail(w)
			w.pool.AliasAttributes = []string{"email"}
			w.settings.Rules.Username = domain.UsernameSource
		}, statuses{}, "username shape", "signs in by email"},
		"the same, where none can be told": {func(w *world) { byEmail(w); w.settings.Rules.Username = domain.UsernameSource }, statuses{"username shape": fail}, "username shape", "no name but the one typed"},
		"email signs in on both sides":     {func(w *world) { byEmail(w); w.pool.UsernameAttributes = []string{"email"} }, statuses{}, "username shape", "destination: signs in by email"},
		"email signs in, and names are given": {func(w *world) {
			byEmail(w)
			w.pool.UsernameAttributes = []string{"email"}
			w.settings.Rules.Username = domain.UsernameSource
		}, statuses{"username shape": fail}, "username shape", "takes none"},
		"an alias that the source has not": {func(w *world) { w.pool.AliasAttributes = []string{"email"} },
			statuses{"username shape": warn}, "username shape", "the destination signs users in by email, and the source does not"},
		"an alias that the destination has not": {func(w *world) { from(w, func(p *setup.UserPool) { p.AliasAttributes = []string{"email"} }) },
			statuses{"username shape": warn}, "username shape", "the destination takes no other name for it"},
		"an alias on both sides": {func(w *world) {
			from(w, func(p *setup.UserPool) { p.AliasAttributes = []string{"email"} })
			w.pool.AliasAttributes = []string{"email"}
		}, statuses{}, "username shape", "usernames, with email as aliases"},
		"an alias that no rule moves": {func(w *world) { w.pool.AliasAttributes = []string{"phone_number", "preferred_username"} },
			statuses{}, "username shape", "as aliases"},
		"preferred_username is moved to where it is an alias": {preferred("email,preferred_username", false, true),
			statuses{"attributes at destination": warn, "username shape": warn}, "attributes at destination", "a user who enters another user's name there takes it"},
		"another attribute is moved to that alias": {preferred("email,preferred_username=nickname", true, true),
			statuses{"attributes at destination": warn, "attributes at source": fail}, "attributes at destination", "a user who enters another user's name"},
		"the username is moved to that alias": {preferred("email,preferred_username=username", false, true),
			statuses{"username shape": warn}, "attributes at destination", "has what every rule sets"},
		"preferred_username is an alias on both sides":            {preferred("email,preferred_username", true, true), statuses{}, "attributes at destination", "has what every rule sets"},
		"preferred_username is no alias":                          {preferred("email,preferred_username", false, false), statuses{}, "attributes at destination", "has what every rule sets"},
		"preferred_username is no alias there, and not moved":     {func(*world) {}, statuses{}, "attributes at destination", "is moved by a rule of its own alone"},
		"preferred_username is an alias on both sides, not moved": {preferred("email", true, true), statuses{"username shape": warn}, "username shape", "no rule moves it"},
		"records are told of":                                     {func(*world) {}, statuses{}, "audit sinks", "log, eventbridge, firehose, as json; if one sink rejects a record, the function logs an error"},
		"records that must be":                                    {func(w *world) { w.settings.Audit.Required = true }, statuses{}, "audit sinks", "a user does not migrate"},
		"a bus that is there":                                     {func(*world) {}, statuses{}, "audit bus", "arn:bus"},
		"a stream that is there":                                  {func(*world) {}, statuses{}, "audit stream", "arn:stream, ACTIVE, from DirectPut"},
		"records in the log alone": {func(w *world) { w.settings.Audit = doctor.Audit{Sinks: []string{"log"}, Format: "ocsf"} },
			statuses{"audit bus": skip, "audit stream": skip}, "audit stream", "does not name firehose"},
		"the operator may not look at the bus": {func(w *world) { w.bus = func() (string, error) { return "", denied() } },
			statuses{"audit bus": warn}, "audit bus", "AccessDenied"},
		"a bus that is not there": {func(w *world) { w.bus = func() (string, error) { return "", setup.ErrNotFound } },
			statuses{"audit bus": fail}, "audit bus", "not found"},
		"the operator may not look at the stream": {func(w *world) {
			w.stream = func() (setup.DeliveryStream, error) { return setup.DeliveryStream{}, denied() }
		},
			statuses{"audit stream": warn}, "audit stream", "AccessDenied"},
		"a stream that is being made": {func(w *world) {
			w.stream = func() (setup.DeliveryStream, error) {
				return setup.DeliveryStream{ARN: "arn:stream", Status: "CREATING", Source: "DirectPut"}, nil
			}
		}, statuses{"audit stream": fail}, "audit stream", "CREATING"},
		"a stream that reads from elsewhere": {func(w *world) {
			w.stream = func() (setup.DeliveryStream, error) {
				return setup.DeliveryStream{ARN: "arn:stream", Status: "ACTIVE", Source: "KinesisStreamAsSource"}, nil
			}
		}, statuses{"audit stream": fail}, "audit stream", "KinesisStreamAsSource"},
		"sinks that are none": {func(w *world) { w.settings.SetAside = []string{"AUDIT_SINKS"} },
			statuses{"audit sinks": skip, "audit bus": skip, "audit stream": skip}, "audit bus", "configuration failed"},
		"a bus and a stream that are none": {func(w *world) { w.settings.SetAside = []string{"AUDIT_EVENT_BUS", "AUDIT_FIREHOSE_STREAM"} },
			statuses{"audit bus": skip, "audit stream": skip}, "audit stream", "configuration failed"},
		"the operator may not look at the queue": {func(w *world) { w.queue = func() (setup.Queue, error) { return setup.Queue{}, denied() } },
			statuses{"completion queue": warn}, "completion queue", "AccessDenied"},
		"SQS does not answer": {func(w *world) {
			w.queue = func() (setup.Queue, error) { return setup.Queue{}, errors.New("no answer") }
		}, statuses{"completion queue": fail}, "completion queue", "no answer"},
		"one message in 19 receives": {func(w *world) {
			w.queue = func() (setup.Queue, error) {
				return setup.Queue{Encryption: "KMS", DeadLetters: "arn:dead", MaxReceives: 19}, nil
			}
		}, statuses{"completion queue": warn}, "completion queue", "19 receives"},
		"the operator may not look at the groups": {func(w *world) { w.groups = func() ([]string, error) { return nil, denied() } },
			statuses{"completion groups": warn}, "completion groups", "AccessDenied"},
		"the groups' pool is not there": {func(w *world) {
			w.groups = func() ([]string, error) { return nil, setup.ErrNotFound }
		}, statuses{"completion groups": skip}, "completion groups", "destination pool failed"},
		"groups that no rule names": {func(w *world) { w.settings.Completion.Groups, _ = domain.ParseGroupMap("*") },
			statuses{}, "completion groups", "not known in advance"},
		"a source that cannot part with users": {func(w *world) {
			w.unretiring = func(context.Context) ([]string, error) { return []string{"SOURCE (SOURCE_KIND=oidc)"}, nil }
		}, statuses{"completion retirement": fail}, "completion retirement", "SOURCE_KIND=oidc"},
		"a source that cannot be opened": {func(w *world) {
			w.unretiring = func(context.Context) ([]string, error) { return nil, errors.New("no such file") }
		}, statuses{"completion retirement": skip}, "completion retirement", "source reached failed"},
		"no rule that carries the source's sub": {func(w *world) { w.settings.Rules.Attributes, _ = domain.ParseAttributeMap("email") },
			statuses{"completion proof": warn}, "completion proof", "no rule carries"},
		"a destination that is the source": {func(w *world) { w.settings.SourcePools = []string{"us-east-1_other", "us-east-1_destination"} },
			statuses{"destination pool": fail}, "destination pool", "is a source too"},
		"a destination that is another than the function's": {func(w *world) { w.settings.ConfiguredPool = "us-east-1_other" },
			statuses{"destination pool": fail}, "destination pool", "MIGRATE_DESTINATION_USER_POOL_ID is us-east-1_other"},
		"a destination that is the function's": {func(w *world) { w.settings.ConfiguredPool = "us-east-1_destination" }, statuses{}, "destination pool", "us-east-1_destination"},
		"a sub that users can write": {func(w *world) { w.client.WriteAttributes = []string{"email", "custom:legacy_sub"} },
			statuses{"completion proof": warn}, "completion proof", "may write custom:legacy_sub"},
		"a sub that an app client without a list may write": {func(w *world) { w.client.WriteAttributes = nil },
			statuses{"completion proof": warn}, "completion proof", "may write custom:legacy_sub"},
		"a sub in an attribute that every user can write": {func(w *world) { w.settings.Rules.Attributes, _ = domain.ParseAttributeMap("email,nickname=sub") },
			statuses{"completion proof": warn, "attributes at destination": fail}, "completion proof", "no rule carries"},
		"completion is not asked for": {func(w *world) { w.settings.Completion = doctor.Completion{} },
			statuses{"completion queue": skip, "completion groups": skip, "completion proof": skip, "completion retirement": skip}, "completion queue", "not asked for"},
		"a table in order": {func(*world) {}, statuses{}, "lockout", "arn:table"},
		"a table with another key": {func(w *world) { w.table = counting(func(t *setup.Table) { t.Key[0].Name = "id" }) },
			statuses{"lockout": fail}, "lockout", "its key is id (S); expected only digest (S)"},
		"a table with a key of another type": {func(w *world) { w.table = counting(func(t *setup.Table) { t.Key[0].Type = "N" }) },
			statuses{"lockout": fail}, "lockout", "digest (N)"},
		"a table with a second key": {func(w *world) {
			w.table = counting(func(t *setup.Table) { t.Key = append(t.Key, setup.TableKey{Name: "at", Type: "N", Sorts: true}) })
		}, statuses{"lockout": fail}, "lockout", "digest (S) and at (N) for sorting"},
		"a table that is being deleted": {func(w *world) { w.table = counting(func(t *setup.Table) { t.State = "DELETING" }) },
			statuses{"lockout": fail}, "lockout", "DELETING"},
		"a table that keeps all for ever": {func(w *world) { w.table = counting(func(t *setup.Table) { t.Expires = "" }) },
			statuses{"lockout": warn}, "lockout", "time to live is off"},
		"a table with a time to live by something else": {func(w *world) { w.table = counting(func(t *setup.Table) { t.Expires = "ttl" }) },
			statuses{"lockout": warn}, "lockout", "by ttl"},
		"no such table": {func(w *world) {
			w.table = func() (setup.Table, error) { return setup.Table{}, fmt.Errorf("gone: %w", setup.ErrNotFound) }
		}, statuses{"lockout": fail}, "lockout", "gone"},
		"the operator may not look at the table": {func(w *world) { w.table = func() (setup.Table, error) { return setup.Table{}, denied() } },
			statuses{"lockout": warn}, "lockout", "AccessDenied"},
		"DynamoDB does not answer": {func(w *world) {
			w.table = func() (setup.Table, error) { return setup.Table{}, errors.New("no answer") }
		}, statuses{"lockout": fail}, "lockout", "no answer"},
		"nobody counts wrong passwords": {func(w *world) { w.settings.Lockout.Table = "" },
			statuses{"lockout": warn}, "lockout", "OLD (OLD_KIND=sql) has no lockout"},
		"the source counts them itself":            {func(w *world) { w.settings.Lockout = doctor.Lockout{} }, statuses{}, "lockout", "left to the source (cognito)"},
		"a client that conceals what is explained": {func(w *world) { w.client.ConcealsUsers = true }, statuses{"source client errors": warn, "destination client errors": warn}, "destination client errors", "all the same"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inOrder()
			row.change(w)
			checks := w.examine(t.Context())
			for name, check := range checks {
				want, differs := row.but[name]
				if !differs {
					want = base[name].Status
				}
				if check.Status != want {
					t.Errorf("%s is %s, not %s: %s", name, check.Status, want, check.Saw)
				}
			}
			if !strings.Contains(checks[row.of].Saw, row.saw) {
				t.Errorf("%s saw %q", row.of, checks[row.of].Saw)
			}
		})
	}
}

// byEmail makes email the source's sign-in identifier.
func byEmail(w *world) {
	read := w.source
	w.source = func() (setup.UserPool, error) {
		pool, err := read()
		pool.UsernameAttributes = []string{"email"}
		return pool, err
	}
}

func with(one, other map[string]doctor.Status) map[string]doctor.Status {
	both := make(map[string]doctor.Status)
	for _, all := range []map[string]doctor.Status{one, other} {
		for name, status := range all {
			both[name] = status
		}
	}
	return both
}

func TestAQuestionThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := inOrder()
		w.reach = func(ctx context.Context) (domain.Reason, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		checks := w.examine(ctx)
		if checks["source reached"].Status != doctor.Fail || checks["trigger"].Status != doctor.Pass {
			t.Errorf("got %v, %v", checks["source reached"], checks["trigger"])
		}
	})
}

func TestThePermissionToInvoke(t *testing.T) {
	t.Parallel()
	statement := func(change func(*setup.InvokePermission)) []setup.InvokePermission {
		permission := setup.InvokePermission{Allow: true, Principals: []string{"cognito-idp.amazonaws.com"}, Actions: []string{"lambda:InvokeFunction"}, SourceARNs: []string{poolARN}}
		change(&permission)
		return []setup.InvokePermission{permission}
	}
	right := statement(func(*setup.InvokePermission) {})
	denial := statement(func(p *setup.InvokePermission) { p.Allow = false })
	for name, row := range map[string]struct {
		permissions []setup.InvokePermission
		want        doctor.Status
	}{
		"for this pool": {right, doctor.Pass},
		"for pools like it": {statement(func(p *setup.InvokePermission) {
			p.SourceARNs = []string{"arn:aws:cognito-idp:us-east-1:111111111111:userpool/*"}
		}), doctor.Pass},
		"for pools unlike it": {statement(func(p *setup.InvokePermission) {
			p.SourceARNs = []string{"arn:aws:cognito-idp:*:999999999999:userpool/*"}
		}), doctor.Fail},
		"for every pool":         {statement(func(p *setup.InvokePermission) { p.SourceARNs = nil }), doctor.Warn},
		"for an account":         {statement(func(p *setup.InvokePermission) { p.SourceARNs, p.SourceAccounts = nil, []string{"111111111111"} }), doctor.Warn},
		"for everyone":           {statement(func(p *setup.InvokePermission) { p.Principals = []string{"*"} }), doctor.Warn},
		"under another term":     {statement(func(p *setup.InvokePermission) { p.OtherConditions = []string{"Bool aws:SecureTransport"} }), doctor.Warn},
		"to do something else":   {statement(func(p *setup.InvokePermission) { p.Actions = []string{"lambda:GetFunction"} }), doctor.Fail},
		"to another service":     {statement(func(p *setup.InvokePermission) { p.Principals = []string{"events.amazonaws.com"} }), doctor.Fail},
		"denied":                 {slices.Concat(right, denial), doctor.Fail},
		"of two, one is tighter": {slices.Concat(statement(func(p *setup.InvokePermission) { p.SourceARNs = nil }), right), doctor.Pass},
		"none":                   {nil, doctor.Fail},
	} {
		if got := doctor.JudgePermission(row.permissions, poolARN, lambda); got.Status != row.want || got.Status != doctor.Pass && got.Remedy == "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for function, want := range map[string]string{
		lambda:           "--function-name " + lambda + " --statement-id",
		lambda + ":live": "--function-name " + lambda + " --qualifier live --statement-id",
		"migrate:live":   "--function-name migrate --qualifier live --statement-id",
	} {
		if got := doctor.AddPermission(function, poolARN); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", function, got)
		}
	}
}

func TestOneFindingForTheSameProblemOfManyAttributes(t *testing.T) {
	t.Parallel()
	w := inOrder()
	var names []string
	for i := range 17 {
		names = append(names, fmt.Sprintf("custom:a%d", i))
	}
	w.settings.Rules.Attributes, _ = domain.ParseAttributeMap("custom:legacy_sub=sub,email," + strings.Join(names, ","))
	checks := w.examine(t.Context())
	for of, want := range map[string]string{
		"attributes at destination": strings.Join(names, ", ") + " are not in the destination's schema: users who have it cannot migrate",
		"attributes at source":      strings.Join(names, ", ") + " are not in the source's schema, so it stays empty",
	} {
		if checks[of].Saw != want {
			t.Errorf("%s saw %s", of, checks[of].Saw)
		}
	}
}

func TestThePlaceholdersOfTheExamplesAreNoSettings(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"choose-your-own", "32-characters-or-more-of-your-own", "ap-northeast-1_AbCdEf123", "1example23456789"} {
		w := inOrder()
		w.settings.Environment = map[string]domain.Secret{"SOURCE_EXTERNAL_ID": domain.NewSecret(value)}
		check := w.examine(t.Context())["configuration"]
		if check.Status != doctor.Fail || !strings.HasPrefix(check.Saw, "SOURCE_EXTERNAL_ID: is the placeholder") || strings.Contains(check.Saw, value) {
			t.Errorf("%s: %v", value, check)
		}
	}
}

// TestQuestionsAreAskedAtTheSameTime: a network that answers nothing holds up a
// check for the time of one question, and all of them for that of a few.
func TestQuestionsAreAskedAtTheSameTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{}) // not even the context is heeded
		defer close(forever)
		w := inOrder()
		w.reach = func(context.Context) (domain.Reason, error) { <-forever; return "", nil }
		w.source = func() (setup.UserPool, error) { <-forever; return setup.UserPool{}, nil }
		w.queue = func() (setup.Queue, error) { <-forever; return setup.Queue{}, nil }
		w.table = func() (setup.Table, error) { <-forever; return setup.Table{}, nil }
		w.bus = func() (string, error) { <-forever; return "", nil }
		began := time.Now()
		checks := w.examine(t.Context())
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		for _, name := range []string{"source reached", "source pool", "completion queue", "lockout", "audit bus"} {
			check := checks[name]
			if check.Status != doctor.Fail || !strings.Contains(check.Saw, "no answer") || !strings.Contains(check.Remedy, "check the network") {
				t.Errorf("%s: %v", name, check)
			}
		}
	})
}

func TestWhatTheSourceTellsOfSecondFactors(t *testing.T) {
	t.Parallel()
	const name = "source second factors"
	set := func(mode domain.MFAMode) func(*world) {
		return func(w *world) { w.settings.Source.MFA = mode }
	}
	cannot := func(w *world) { w.factors = func(context.Context) error { return denied() } }
	for situation, row := range map[string]struct {
		changes     []func(*world)
		status      doctor.Status
		saw, remedy string
	}{
		"SOURCE_MFA is not set":                {nil, doctor.Pass, "SOURCE_MFA is not set: the function asks the pool", ""},
		"it is what the pool says":             {[]func(*world){set(domain.MFAOff)}, doctor.Pass, "the pool is not asked", ""},
		"it is OFF, and the pool requires one": {[]func(*world){set(domain.MFAOff), func(w *world) { from(w, func(p *setup.UserPool) { p.MFA = "ON" }) }}, doctor.Fail, "SOURCE_MFA is OFF, and the pool's own setting is ON", "unset SOURCE_MFA"},
		"it is OFF, and they are optional":     {[]func(*world){set(domain.MFAOff), func(w *world) { from(w, func(p *setup.UserPool) { p.MFA = "OPTIONAL" }) }}, doctor.Fail, "own setting is OPTIONAL", "or set it to OPTIONAL"},
		"it is ON, and the pool asks nobody":   {[]func(*world){set(domain.MFAOn)}, doctor.Fail, "own setting is OFF", "unset SOURCE_MFA"},
		"it is OPTIONAL, as the pool is":       {[]func(*world){set(domain.MFAOptional), func(w *world) { from(w, func(p *setup.UserPool) { p.MFA = "OPTIONAL" }) }}, doctor.Pass, "about passkeys", ""},
		"the pool cannot be described":         {[]func(*world){set(domain.MFAOn), func(w *world) { w.source = func() (setup.UserPool, error) { return setup.UserPool{}, denied() } }}, doctor.Pass, "the pool is not asked", ""},
		"the role lacks the permission":        {[]func(*world){cannot}, doctor.Fail, "cannot migrate", "cognito-idp:GetUserPoolMfaConfig"},
		"it lacks it, and does not need it":    {[]func(*world){cannot, set(domain.MFAOff)}, doctor.Pass, "", ""},
		"it lacks it, and everybody migrates":  {[]func(*world){cannot, func(w *world) { w.settings.Rules.OnMFA = domain.MFAMigrate }}, doctor.Pass, "no user is refused", ""},
		"the source is not reached": {[]func(*world){cannot, func(w *world) {
			w.reach = func(context.Context) (domain.Reason, error) { return "", errors.New("down") }
		}}, doctor.Skip, "source reached", ""},
		"a source that cannot tell": {[]func(*world){func(w *world) {
			w.untelling = func(context.Context) ([]string, error) { return []string{"CORP (CORP_KIND=ldap)"}, nil }
		}}, doctor.Warn, "CORP (CORP_KIND=ldap) cannot tell", "docs/second-factors.md"},
		"another kind of source that can": {[]func(*world){func(w *world) { w.settings.Source = nil }}, doctor.Pass, "the source tells", ""},
		"a source that cannot be opened": {[]func(*world){func(w *world) {
			w.untelling = func(context.Context) ([]string, error) { return nil, errors.New("broken") }
		}}, doctor.Fail, "broken", "correct"},
		"settings that cannot be read":   {[]func(*world){func(w *world) { w.untelling = nil }}, doctor.Skip, "configuration", ""},
		"SOURCE_MFA itself is not valid": {[]func(*world){func(w *world) { w.settings.SetAside = []string{"SOURCE_MFA"} }}, doctor.Skip, "configuration", ""},
	} {
		t.Run(situation, func(t *testing.T) {
			t.Parallel()
			w := inOrder()
			for _, change := range row.changes {
				change(w)
			}
			check := w.examine(t.Context())[name]
			if check.Status != row.status || !strings.Contains(check.Saw, row.saw) || !strings.Contains(check.Remedy, row.remedy) {
				t.Errorf("%s: %s; %s", check.Status, check.Saw, check.Remedy)
			}
		})
	}
}

// carriedTo is a set-up whose destination has this MFA, and whose function is told of
// it in these words.
func carriedTo(choice domain.OnMFA, pool, told string) func(*world) {
	return func(w *world) {
		var has domain.DestinationMFA
		if has.UnmarshalText([]byte(pool)) != nil || w.settings.Rules.DestinationMFA.UnmarshalText([]byte(told)) != nil {
			panic("a setting in a test that is none")
		}
		w.pool.MFA, w.pool.SendsSMS = string(has.Mode), has.Takes(domain.MFASMS)
		w.destinationFactors = func(context.Context) (domain.DestinationMFA, error) { return has, nil }
		w.settings.Rules.OnMFA, w.settings.Rules.SetsMFAPreference = choice, true
	}
}

func TestWhereSecondFactorsAreCarriedTo(t *testing.T) {
	t.Parallel()
	const all = "ON,SMS_MFA,EMAIL_OTP,SOFTWARE_TOKEN_MFA"
	carry := func(pool, told string) func(*world) { return carriedTo(domain.MFACarry, pool, told) }
	recovery := func(ways ...string) func(*world) { return func(w *world) { w.pool.Recovery = ways } }
	noCognito := func(w *world) { w.settings.Source = nil }
	for situation, row := range map[string]struct {
		changes     []func(*world)
		status      doctor.Status
		saw, remedy string
	}{
		"as the pool is":              {[]func(*world){carry(all, all)}, doctor.Pass, "MIGRATE_ON_MFA=carry", ""},
		"another kind of source":      {[]func(*world){carry(all, all), noCognito}, doctor.Pass, "MIGRATE_ON_MFA=carry", ""},
		"enroll":                      {[]func(*world){carriedTo(domain.MFAEnroll, "ON,SOFTWARE_TOKEN_MFA", "ON,SOFTWARE_TOKEN_MFA")}, doctor.Pass, "MIGRATE_ON_MFA=enroll", ""},
		"a pool that asks nobody":     {[]func(*world){carry("OFF", all)}, doctor.Fail, "destination OFF, MIGRATE_ON_MFA=carry, and MIGRATE_DESTINATION_MFA says ON", "set MIGRATE_DESTINATION_MFA"},
		"a pool where it is optional": {[]func(*world){carriedTo(domain.MFAEnroll, "OPTIONAL,SMS_MFA", all)}, doctor.Fail, "says ON", "set MIGRATE_DESTINATION_MFA"},
		"a pool without SMS":          {[]func(*world){carry("ON,EMAIL_OTP", "ON,SMS_MFA")}, doctor.Fail, "no SMS configuration", "give the destination an SMS configuration"},
		"a pool without email MFA":    {[]func(*world){carry("ON,SMS_MFA", "ON,SMS_MFA,EMAIL_OTP")}, doctor.Fail, "names EMAIL_OTP, which the destination does not take (ON,SMS_MFA)", "Amazon SES"},
		"a pool without TOTP":         {[]func(*world){carry("ON,SMS_MFA", "ON,SMS_MFA,SOFTWARE_TOKEN_MFA")}, doctor.Fail, "names SOFTWARE_TOKEN_MFA", "switch it on"},
		"the factors cannot be read": {[]func(*world){carry(all, all), func(w *world) {
			w.destinationFactors = func(context.Context) (domain.DestinationMFA, error) { return domain.DestinationMFA{}, denied() }
		}}, doctor.Warn, "cannot be read", "cognito-idp:GetUserPoolMfaConfig"},
		"nobody can read the factors":          {[]func(*world){carry(all, all), func(w *world) { w.destinationFactors = nil }}, doctor.Pass, "", ""},
		"TOTP is offered before completion":    {[]func(*world){carry(all, all), recovery("verified_email", "verified_phone_number")}, doctor.Warn, "the set-up of TOTP", "SOFTWARE_TOKEN_MFA"},
		"SMS is the first way of recovery":     {[]func(*world){carry(all, all), recovery("verified_phone_number", "verified_email")}, doctor.Pass, "", ""},
		"MIGRATE_DESTINATION_MFA is not valid": {[]func(*world){func(w *world) { w.settings.SetAside = []string{"MIGRATE_DESTINATION_MFA"} }}, doctor.Skip, "configuration", ""},
	} {
		t.Run(situation, func(t *testing.T) {
			t.Parallel()
			w := inOrder()
			for _, change := range row.changes {
				change(w)
			}
			check := w.examine(t.Context())["MFA"]
			if check.Status != row.status || !strings.Contains(check.Saw, row.saw) || !strings.Contains(check.Remedy, row.remedy) {
				t.Errorf("%s: %s; %s", check.Status, check.Saw, check.Remedy)
			}
		})
	}
}

func TestTheGroupOfUsersWhoEnrollIsThere(t *testing.T) {
	t.Parallel()
	for situation, row := range map[string]struct {
		there  []string
		create bool
		status doctor.Status
		saw    string
	}{
		"it is there":         {there: []string{"new-factor", "writers"}, status: doctor.Pass, saw: "the destination has new-factor"},
		"it is not":           {there: []string{"writers"}, status: doctor.Fail, saw: "the destination has no group new-factor"},
		"it is to be created": {create: true, status: doctor.Pass, saw: "completion is to create new-factor"},
	} {
		w := inOrder()
		carriedTo(domain.MFAEnroll, "ON,SOFTWARE_TOKEN_MFA", "ON,SOFTWARE_TOKEN_MFA")(w)
		w.settings.Rules.MFAGroup = "new-factor"
		w.settings.Completion = doctor.Completion{CreateGroups: row.create, QueueURL: w.settings.Completion.QueueURL, SecondFactors: true}
		w.groups = func() ([]string, error) { return row.there, nil }
		checks := w.examine(t.Context())
		if check := checks["completion groups"]; check.Status != row.status || !strings.Contains(check.Saw, row.saw) {
			t.Errorf("%s: %s: %s", situation, check.Status, check.Saw)
		}
		if check := checks["completion queue"]; check.Status != doctor.Pass {
			t.Errorf("%s: the queue is not looked at: %s", situation, check.Saw)
		}
	}
}
