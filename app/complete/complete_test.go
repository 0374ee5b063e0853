package complete_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/app/complete"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"

	"github.com/golang/mock/gomock"
)

// now is the time of every try.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	poolID = "ap-northeast-1_Dest00001"
	canary = "canary-5f20"
)

// fixture is the use case over strict mocks: a call that no row expects fails.
type fixture struct {
	source      *mocks.MockSourceDirectory
	retirer     *mocks.MockSourceRetirer
	lister      *mocks.MockGroupLister
	destination *mocks.MockDestination
	records     *mocks.MockCompletionSink
	sources     map[string]ports.Source
	options     complete.Options
	completion  domain.Completion
	unkept      []error
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	controller := gomock.NewController(t)
	f := &fixture{
		source:      mocks.NewMockSourceDirectory(controller),
		retirer:     mocks.NewMockSourceRetirer(controller),
		lister:      mocks.NewMockGroupLister(controller),
		destination: mocks.NewMockDestination(controller),
		records:     mocks.NewMockCompletionSink(controller),
		completion:  owed(),
	}
	f.sources = map[string]ports.Source{"SOURCE": {Directory: f.source, Retirer: f.retirer, Groups: f.lister}}
	f.options = complete.Options{
		Now:           func() time.Time { return now },
		Rules:         withSub(),
		Keys:          keys(),
		After:         domain.AfterDisable,
		Groups:        groupMap("*"),
		Pseudonymizer: domain.NewPseudonymizer(domain.AuditUsernamePlain, domain.Secret{}),
		RecordFailed:  func(_ context.Context, err error) { f.unkept = append(f.unkept, err) },
	}
	return f
}

// withSub are the rules that carry the source's sub.
func withSub() domain.Rules {
	rules := domain.DefaultRules()
	if err := rules.Attributes.UnmarshalText([]byte("*,custom:legacy_sub=sub")); err != nil {
		panic(err) // a map in a test that is none
	}
	return rules
}

func keys() domain.CompletionKeys {
	return domain.NewCompletionKeys(domain.NewSecret("a completion key of thirty-two bytes"), domain.Secret{})
}

func groupMap(text string) domain.GroupMap {
	m, err := domain.ParseGroupMap(text)
	if err != nil {
		panic(err) // a map in a test that is none
	}
	return m
}

// alice is the person at the source.
func alice(changes ...func(*domain.SourceUser)) domain.SourceUser {
	user := domain.SourceUser{
		Username: "alice", Sub: "sub-1", Enabled: true, Status: domain.StatusConfirmed,
		Attributes: domain.Attributes{"sub": "sub-1", "email": canary + "@example.com", "email_verified": "true", "name": "Alice"},
	}
	for _, change := range changes {
		change(&user)
	}
	return user
}

// owed is what is owed after alice's sign-in.
func owed() domain.Completion {
	rules := withSub()
	attempt := domain.Attempt{ID: "attempt-1", Trigger: domain.TriggerAuthentication, Username: "alice", UserPoolID: poolID}
	finding := domain.Finding{Kind: domain.PasswordAccepted, Source: "SOURCE", User: alice()}
	return domain.NewCompletion(keys(), attempt, now, finding.User, domain.Decide(rules, attempt, finding))
}

// moved is alice in the destination, as Cognito made her.
func moved(changes ...func(*domain.DestinationUser)) *domain.DestinationUser {
	user := &domain.DestinationUser{
		Username: "alice", Status: domain.StatusConfirmed, Enabled: true, CreatedAt: now,
		Attributes: domain.Attributes{"sub": "sub-new", "custom:legacy_sub": "sub-1", "email": canary + "@example.com", "email_verified": "true", "name": "Alice"},
	}
	for _, change := range changes {
		change(user)
	}
	return user
}

// The calls, each with its answer.

func (f *fixture) finds(user *domain.DestinationUser, err error) *gomock.Call {
	return f.destination.EXPECT().FindUser(gomock.Any(), poolID, "alice").Return(user, err)
}

func (f *fixture) reads(kind domain.FindingKind, user domain.SourceUser, err error) *gomock.Call {
	return f.source.EXPECT().FindUser(gomock.Any(), "alice").Return(domain.Finding{Kind: kind, Source: "SOURCE", User: user}, err)
}

func (f *fixture) lists(err error, groups ...string) *gomock.Call {
	return f.lister.EXPECT().Groups(gomock.Any(), "alice").Return(groups, err)
}

func (f *fixture) adds(group string, err error) *gomock.Call {
	return f.destination.EXPECT().AddToGroup(gomock.Any(), poolID, "alice", group).Return(err)
}

func (f *fixture) creates(group string, err error) *gomock.Call {
	return f.destination.EXPECT().CreateGroup(gomock.Any(), poolID, group).Return(err)
}

func (f *fixture) prefers(factor domain.MFAMethod, err error) *gomock.Call {
	return f.destination.EXPECT().PreferMFA(gomock.Any(), poolID, "alice", factor).Return(err)
}

func (f *fixture) disables(err error) *gomock.Call {
	return f.retirer.EXPECT().Disable(gomock.Any(), "alice").Return(err)
}

func (f *fixture) signsOut(err error) *gomock.Call {
	return f.retirer.EXPECT().SignOut(gomock.Any(), "alice").Return(err)
}

func (f *fixture) deletes(err error) *gomock.Call {
	return f.retirer.EXPECT().Delete(gomock.Any(), "alice").Return(err)
}

// complete makes the try, and wants its one record to be what was returned.
func (f *fixture) complete(t *testing.T) (domain.CompletionRecord, error) {
	t.Helper()
	var kept []domain.CompletionRecord
	f.records.EXPECT().RecordCompletion(gomock.Any(), gomock.Any()).
		DoAndReturn(func(_ context.Context, record domain.CompletionRecord) error {
			kept = append(kept, record)
			return nil
		})
	got, err := complete.New(f.sources, f.destination, f.records, f.options).Complete(t.Context(), f.completion)
	if len(kept) != 1 || kept[0] != got {
		t.Errorf("returned %+v and kept %+v", got, kept)
	}
	return got, err
}

// came is how a try ended, of its record.
type came struct {
	outcome domain.CompletionOutcome
	reason  domain.CompletionReason
	retired domain.Retired
	groups  int
	before  bool // the source user was disabled before
	factor  domain.MFAMethod
}

func (c came) record() domain.CompletionRecord {
	if c.retired == "" {
		c.retired = domain.RetiredNot
	}
	return domain.CompletionRecord{
		AttemptID: "attempt-1", Time: now, Source: "SOURCE", UserPoolID: poolID, Username: "alice",
		Outcome: c.outcome, Reason: c.reason, Retired: c.retired, Groups: c.groups, DisabledBefore: c.before, SecondFactor: c.factor,
	}
}

func TestATryToFinishAMove(t *testing.T) {
	t.Parallel()
	const (
		done, later, never = domain.CompletionDone, domain.CompletionPending, domain.CompletionAbandoned
		keep, del          = domain.AfterKeep, domain.AfterDelete
	)
	// Only the message knows the groups.
	known := func(f *fixture, groups ...string) {
		f.completion.Groups, f.completion.GroupsKnown = groups, true
		f.sources["SOURCE"] = ports.Source{Directory: f.source, Retirer: f.retirer}
	}
	// No rule carries the source's sub.
	byContact := func(f *fixture) {
		f.options.Rules = domain.DefaultRules()
		known(f)
	}
	noGroup := ports.ErrNoGroup
	for name, row := range map[string]struct {
		given func(f *fixture)
		calls func(f *fixture) []*gomock.Call // in this order, and no others
		want  came
	}{
		"the destination does not have the user yet": {
			calls: func(f *fixture) []*gomock.Call { return []*gomock.Call{f.finds(nil, nil)} },
			want:  came{outcome: later, reason: domain.ReasonNotCreatedYet},
		},
		"the user has not set a password yet": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(func(u *domain.DestinationUser) { u.Status = domain.StatusResetRequired }), nil)}
			},
			want: came{outcome: later, reason: domain.ReasonNotConfirmedYet},
		},
		"the user is disabled in the destination": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(func(u *domain.DestinationUser) { u.Enabled = false }), nil)}
			},
			want: came{outcome: later, reason: domain.ReasonDestinationDisabled},
		},
		"the user of this name is somebody else": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(func(u *domain.DestinationUser) { u.Attributes["custom:legacy_sub"] = "sub-2" }), nil)}
			},
			want: came{outcome: never, reason: domain.ReasonAnotherUser},
		},
		"somebody else got the name at the source since": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(func(u *domain.SourceUser) { u.Sub = "sub-2" }), nil)}
			},
			want: came{outcome: never, reason: domain.ReasonSourceUserReplaced},
		},
		"more than one user of the source answers to the name": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserAmbiguous, domain.SourceUser{}, nil)}
			},
			want: came{outcome: never, reason: domain.ReasonSourceUserReplaced},
		},
		"the source user is gone": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserUnknown, domain.SourceUser{}, nil)}
			},
			want: came{outcome: done, retired: domain.RetiredGone},
		},
		"the source user is gone, and the message knows their groups": {
			given: func(f *fixture) { known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserUnknown, domain.SourceUser{}, nil), f.adds("editors", nil)}
			},
			want: came{outcome: done, retired: domain.RetiredGone, groups: 1},
		},
		"a source that cannot look people up, and the message knows their groups": {
			given: func(f *fixture) { known(f, "editors"); f.options.After = keep },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.LookUpUnsupported, domain.SourceUser{}, nil), f.adds("editors", nil)}
			},
			want: came{outcome: done, retired: domain.RetiredNot, groups: 1},
		},
		"nobody knows the source of the message": {
			given: func(f *fixture) { f.sources = map[string]ports.Source{"OTHER": f.sources["SOURCE"]} },
			want:  came{outcome: never, reason: domain.ReasonSourceUnfit},
		},
		"the source cannot part with users": {
			given: func(f *fixture) { f.sources["SOURCE"] = ports.Source{Directory: f.source} },
			want:  came{outcome: never, reason: domain.ReasonSourceUnfit},
		},
		"the source need not part with users where they are kept": {
			given: func(f *fixture) {
				f.sources["SOURCE"] = ports.Source{Directory: f.source}
				f.options.After = keep
			},
			calls: func(f *fixture) []*gomock.Call {
				user := alice(func(u *domain.SourceUser) { u.Groups, u.GroupsKnown = []string{"editors"}, true })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, user, nil), f.adds("editors", nil)}
			},
			want: came{outcome: done, groups: 1},
		},
		"the source lists the groups": {
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.lists(nil, "writers", "admins"),
					f.adds("admins", nil), f.adds("writers", nil), f.finds(moved(), nil), f.disables(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 2},
		},
		"the ID token named the groups, and the source lists one that came since": {
			given: func(f *fixture) { f.completion.Groups, f.completion.GroupsKnown = []string{"admins"}, true },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.lists(nil, "admins", "editors"),
					f.adds("admins", nil), f.adds("editors", nil), f.finds(moved(), nil), f.disables(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 2},
		},
		"the ID token named the groups, and the source cannot list any": {
			given: func(f *fixture) { known(f, "admins") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("admins", nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 1},
		},
		"the second factor comes before the groups": {
			given: func(f *fixture) { f.completion.SecondFactor = domain.MFAEmail; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.prefers(domain.MFAEmail, nil),
					f.adds("editors", nil), f.finds(moved(), nil), f.disables(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 1, factor: domain.MFAEmail},
		},
		"a second factor that the destination does not take keeps the source user as they are": {
			given: func(f *fixture) { f.completion.SecondFactor = domain.MFAEmail; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.prefers(domain.MFAEmail, ports.ErrMisconfigured)}
			},
			want: came{outcome: later, reason: domain.ReasonDestinationMisconfigured},
		},
		"a user who prefers another factor by now keeps it": {
			given: func(f *fixture) { f.completion.SecondFactor = domain.MFASMS; f.options.After = keep; known(f) },
			calls: func(f *fixture) []*gomock.Call {
				chosen := moved(func(u *domain.DestinationUser) { u.PreferredMFA = domain.MFASoftwareToken })
				return []*gomock.Call{f.finds(chosen, nil), f.reads(domain.UserFound, alice(), nil)}
			},
			want: came{outcome: done},
		},
		"a factor that an earlier try has set is not set again": {
			given: func(f *fixture) { f.completion.SecondFactor = domain.MFASMS; f.options.After = keep; known(f) },
			calls: func(f *fixture) []*gomock.Call {
				set := moved(func(u *domain.DestinationUser) { u.PreferredMFA = domain.MFASMS })
				return []*gomock.Call{f.finds(set, nil), f.reads(domain.UserFound, alice(), nil)}
			},
			want: came{outcome: done, factor: domain.MFASMS},
		},
		"no second factor is set for somebody else": {
			given: func(f *fixture) {
				byContact(f)
				f.completion.SecondFactor, f.completion.MFAGroup = domain.MFAEmail, "enroll"
			},
			calls: func(f *fixture) []*gomock.Call {
				mallory := moved(func(u *domain.DestinationUser) { u.Attributes["email"] = "mallory@evil.example" })
				return []*gomock.Call{f.finds(mallory, nil), f.reads(domain.UserFound, alice(), nil)}
			},
			want: came{outcome: never, reason: domain.ReasonAnotherUser},
		},
		"who must set up a new factor is put into the group, and no group of the source is asked for": {
			given: func(f *fixture) {
				f.completion.MFAGroup, f.options.After, f.options.Groups = "enroll", keep, domain.GroupMap{}
			},
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("enroll", nil)}
			},
			want: came{outcome: done, groups: 1},
		},
		"the group of a new factor is created where that was chosen": {
			given: func(f *fixture) {
				f.completion.MFAGroup, f.options.After, f.options.Groups, f.options.CreateGroups = "enroll", keep, domain.GroupMap{}, true
			},
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil),
					f.adds("enroll", noGroup), f.creates("enroll", nil), f.adds("enroll", nil),
				}
			},
			want: came{outcome: done, groups: 1},
		},
		"the group of a new factor is missing": {
			given: func(f *fixture) { f.completion.MFAGroup = "enroll" },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("enroll", noGroup)}
			},
			want: came{outcome: later, reason: domain.ReasonGroupMissing},
		},
		"the source user is gone, and the message knows the factor": {
			given: func(f *fixture) { f.completion.SecondFactor = domain.MFAEmail },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserUnknown, domain.SourceUser{}, nil), f.prefers(domain.MFAEmail, nil)}
			},
			want: came{outcome: done, retired: domain.RetiredGone, factor: domain.MFAEmail},
		},
		"the source user is gone, and the factor cannot be set": {
			given: func(f *fixture) { f.completion.SecondFactor = domain.MFAEmail },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserUnknown, domain.SourceUser{}, nil), f.prefers(domain.MFAEmail, ports.ErrThrottled)}
			},
			want: came{outcome: later, reason: domain.ReasonDestinationThrottled},
		},
		"a source that cannot look people up, and the message knows the factor": {
			given: func(f *fixture) {
				f.completion.SecondFactor, f.completion.MFAGroup = domain.MFASMS, "enroll"
				f.options.After, f.options.Groups = keep, domain.GroupMap{}
			},
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.LookUpUnsupported, domain.SourceUser{}, nil),
					f.prefers(domain.MFASMS, nil), f.adds("enroll", nil),
				}
			},
			want: came{outcome: done, groups: 1, factor: domain.MFASMS},
		},
		"the destination is a source": {
			given: func(f *fixture) { f.options.SourcePools = []string{poolID} },
			want:  came{outcome: never, reason: domain.ReasonSourceIsDestination},
		},
		"both users have the same name, and nothing verified": {
			given: byContact,
			calls: func(f *fixture) []*gomock.Call {
				user := alice(func(u *domain.SourceUser) { u.Attributes["email_verified"] = "false" })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, user, nil)}
			},
			want: came{outcome: never, reason: domain.ReasonIdentityUnproven},
		},
		"somebody signed up under the name with another address": {
			given: byContact,
			calls: func(f *fixture) []*gomock.Call {
				mallory := moved(func(u *domain.DestinationUser) { u.Attributes["email"] = "mallory@evil.example" })
				return []*gomock.Call{f.finds(mallory, nil), f.reads(domain.UserFound, alice(), nil)}
			},
			want: came{outcome: never, reason: domain.ReasonAnotherUser},
		},
		"without the sub, the same contacts and attributes on both sides": {
			given: byContact,
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled},
		},
		"the source user is gone, and a name alone says who has the groups": {
			given: func(f *fixture) {
				byContact(f)
				f.completion.Groups, f.completion.Contacts = []string{"editors"}, nil
			},
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserUnknown, domain.SourceUser{}, nil)}
			},
			want: came{outcome: never, reason: domain.ReasonIdentityUnproven},
		},
		"the destination user is disabled while the source is asked": {
			given: func(f *fixture) { known(f) },
			calls: func(f *fixture) []*gomock.Call {
				disabled := moved(func(u *domain.DestinationUser) { u.Enabled = false })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(disabled, nil)}
			},
			want: came{outcome: later, reason: domain.ReasonDestinationDisabled},
		},
		"the destination user is deleted while the source is asked": {
			given: func(f *fixture) { f.options.After = del; known(f) },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(nil, nil)}
			},
			want: came{outcome: later, reason: domain.ReasonNotCreatedYet},
		},
		"somebody else takes the destination's name while the source is asked": {
			given: byContact,
			calls: func(f *fixture) []*gomock.Call {
				mallory := moved(func(u *domain.DestinationUser) { u.Attributes["email"] = "mallory@evil.example" })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(mallory, nil)}
			},
			want: came{outcome: never, reason: domain.ReasonAnotherUser},
		},
		"the ID token named no groups, and that is an answer": {
			given: func(f *fixture) { known(f) },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled},
		},
		"the profile names the groups": {
			calls: func(f *fixture) []*gomock.Call {
				user := alice(func(u *domain.SourceUser) { u.Groups, u.GroupsKnown = []string{"editors"}, true })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, user, nil), f.adds("editors", nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 1},
		},
		"groups get the destination's names, and those without a rule stay behind": {
			given: func(f *fixture) { f.options.Groups = groupMap("editors=writers,admins") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.lists(nil, "editors", "beta"),
					f.adds("writers", nil), f.finds(moved(), nil), f.disables(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 1},
		},
		"no groups are mapped, and nobody is asked for them": {
			given: func(f *fixture) { f.options.Groups = domain.GroupMap{}; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled},
		},
		"a group that the destination lacks keeps the source user as they are": {
			given: func(f *fixture) { known(f, "admins", "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("admins", nil), f.adds("editors", noGroup),
				}
			},
			want: came{outcome: later, reason: domain.ReasonGroupMissing, groups: 1},
		},
		"a group that the destination lacks is created where that was chosen": {
			given: func(f *fixture) { f.options.CreateGroups = true; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil),
					f.adds("editors", noGroup), f.creates("editors", nil), f.adds("editors", nil), f.finds(moved(), nil), f.disables(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, groups: 1},
		},
		"a group that was created and is still not there": {
			given: func(f *fixture) { f.options.CreateGroups = true; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil),
					f.adds("editors", noGroup), f.creates("editors", nil), f.adds("editors", noGroup),
				}
			},
			want: came{outcome: later, reason: domain.ReasonGroupMissing},
		},
		"the source user is kept": {
			given: func(f *fixture) { f.options.After = keep; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("editors", nil)}
			},
			want: came{outcome: done, groups: 1},
		},
		"nothing was chosen, and the source user is kept": {
			given: func(f *fixture) { f.options.After = ""; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("editors", nil)}
			},
			want: came{outcome: done, groups: 1},
		},
		"the source user is disabled already": {
			given: func(f *fixture) { known(f) },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(func(u *domain.SourceUser) { u.Enabled = false }), nil), f.finds(moved(), nil)}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled, before: true},
		},
		"the source user is deleted, and signed out before": {
			given: func(f *fixture) { f.options.After = del; known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("editors", nil), f.finds(moved(), nil), f.signsOut(nil), f.deletes(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDeleted, groups: 1},
		},
		"a source user who changed since the move is disabled and not deleted": {
			given: func(f *fixture) { f.options.After = del; known(f) },
			calls: func(f *fixture) []*gomock.Call {
				user := alice(func(u *domain.SourceUser) { u.Attributes["name"] = "Alice Married" })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, user, nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, reason: domain.ReasonSourceUserChanged, retired: domain.RetiredDisabledInstead},
		},
		"the destination user was deleted and created anew": {
			given: func(f *fixture) { known(f, "editors") },
			calls: func(f *fixture) []*gomock.Call {
				anew := moved(func(u *domain.DestinationUser) { u.Attributes["sub"] = "sub-newer" })
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.adds("editors", nil), f.finds(anew, nil)}
			},
			want: came{outcome: later, reason: domain.ReasonDestinationReplaced, groups: 1},
		},
		"a source that answers to another name gives up the user who was read": {
			given: func(f *fixture) { f.options.Groups = domain.GroupMap{} },
			calls: func(f *fixture) []*gomock.Call {
				user := alice(func(u *domain.SourceUser) { u.Username = "alice-1" })
				return []*gomock.Call{
					f.finds(moved(), nil), f.reads(domain.UserFound, user, nil), f.finds(moved(), nil),
					f.retirer.EXPECT().Disable(gomock.Any(), "alice-1").Return(nil),
				}
			},
			want: came{outcome: done, retired: domain.RetiredDisabled},
		},
		"a message that does not say what was moved disables and does not delete": {
			given: func(f *fixture) { f.options.After = del; f.completion.Profile = ""; known(f) },
			calls: func(f *fixture) []*gomock.Call {
				return []*gomock.Call{f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(moved(), nil), f.disables(nil)}
			},
			want: came{outcome: done, reason: domain.ReasonSourceUserChanged, retired: domain.RetiredDisabledInstead},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if row.given != nil {
				row.given(f)
			}
			if row.calls != nil {
				gomock.InOrder(row.calls(f)...)
			}
			got, err := f.complete(t)
			if err == nil && row.want.reason == domain.ReasonGroupMissing {
				t.Error("the log is not told which group is missing")
			}
			want := row.want.record()
			// Both subs are known of a completed move whose source user was read.
			if want.Retired == domain.RetiredDisabled || want.Retired == domain.RetiredDeleted || want.Retired == domain.RetiredDisabledInstead || got.SourceSub != "" && want.Outcome == domain.CompletionDone && want.Retired != domain.RetiredGone {
				want.SourceSub, want.DestinationSub = "sub-1", "sub-new"
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestNoAnswerKeepsTheMoveOwed lets each call of the longest try fail in each
// way: nothing is called after it, and the record says who did not answer.
func TestNoAnswerKeepsTheMoveOwed(t *testing.T) {
	t.Parallel()
	type steps = []func(f *fixture, err error) *gomock.Call
	finds := func(f *fixture, err error) *gomock.Call { return f.finds(unless(err, moved()), err) }
	reads := func(f *fixture, err error) *gomock.Call { return f.reads(domain.UserFound, alice(), err) }
	lists := func(f *fixture, err error) *gomock.Call { return f.lists(err, "editors") }
	missing := func(f *fixture, err error) *gomock.Call {
		if err == nil {
			err = ports.ErrNoGroup
		}
		return f.adds("editors", err)
	}
	creates := func(f *fixture, err error) *gomock.Call { return f.creates("editors", err) }
	adds := func(f *fixture, err error) *gomock.Call { return f.adds("editors", err) }
	disables := func(f *fixture, err error) *gomock.Call { return f.disables(err) }
	signsOut := func(f *fixture, err error) *gomock.Call { return f.signsOut(err) }
	deletes := func(f *fixture, err error) *gomock.Call { return f.deletes(err) }
	names := map[domain.After][]string{
		domain.AfterDisable: {"destination user", "source user", "groups", "add", "create", "add again", "destination user again", "disable"},
		domain.AfterDelete:  {"destination user", "source user", "groups", "add", "create", "add again", "destination user again", "sign out", "delete"},
	}
	atDestination := map[string]bool{"destination user": true, "add": true, "create": true, "add again": true, "destination user again": true}
	for after, calls := range map[domain.After]steps{
		domain.AfterDisable: {finds, reads, lists, missing, creates, adds, finds, disables},
		domain.AfterDelete:  {finds, reads, lists, missing, creates, adds, finds, signsOut, deletes},
	} {
		for i := range calls {
			for kind, row := range map[string]struct {
				err           error
				source, there domain.CompletionReason
			}{
				"throttled":           {ports.ErrThrottled, "source_throttled", domain.ReasonDestinationThrottled},
				"unreachable":         {ports.ErrUnreachable, "source_unreachable", domain.ReasonDestinationUnreachable},
				"misconfigured":       {ports.ErrMisconfigured, "source_misconfigured", domain.ReasonDestinationMisconfigured},
				"out of time":         {context.DeadlineExceeded, "deadline_exceeded", "deadline_exceeded"},
				"cancelled":           {context.Canceled, "deadline_exceeded", "deadline_exceeded"},
				"an error of no kind": {errors.New("strange"), "internal", "internal"},
			} {
				name := names[after][i]
				t.Run(fmt.Sprintf("%s/%s/%s", after, name, kind), func(t *testing.T) {
					t.Parallel()
					f := newFixture(t)
					f.options.After, f.options.CreateGroups = after, true
					var expected []*gomock.Call
					for _, call := range calls[:i] {
						expected = append(expected, call(f, nil))
					}
					expected = append(expected, calls[i](f, fmt.Errorf("a port: %w", row.err)))
					gomock.InOrder(expected...)
					want := row.source
					if atDestination[name] {
						want = row.there
					}
					got, err := f.complete(t)
					groups := 0
					if i > 5 {
						groups = 1
					}
					if got != (came{outcome: domain.CompletionPending, reason: want, groups: groups}).record() {
						t.Errorf("recorded %+v, want reason %s", got, want)
					}
					if !errors.Is(err, row.err) {
						t.Errorf("the log is told %v", err)
					}
				})
			}
		}
	}
}

func unless(err error, user *domain.DestinationUser) *domain.DestinationUser {
	if err != nil {
		return nil
	}
	return user
}

func TestARecordThatIsNotKeptDoesNotUndoAnything(t *testing.T) {
	t.Parallel()
	full := errors.New("the sink is full")
	for name, told := range map[string]bool{"and somebody is told": true, "and nobody wants to know": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.options.Groups = domain.GroupMap{}
			if !told {
				f.options.RecordFailed = nil
			}
			gomock.InOrder(f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(moved(), nil), f.disables(nil))
			f.records.EXPECT().RecordCompletion(gomock.Any(), gomock.Any()).Return(full)
			got, err := complete.New(f.sources, f.destination, f.records, f.options).Complete(t.Context(), f.completion)
			if err != nil || got.Outcome != domain.CompletionDone {
				t.Errorf("got %+v, %v", got, err)
			}
			if told && (len(f.unkept) != 1 || !errors.Is(f.unkept[0], full)) {
				t.Errorf("told of %v", f.unkept)
			}
		})
	}
}

func TestARecordNamesThePersonAsWasChosen(t *testing.T) {
	t.Parallel()
	key := domain.NewSecret(strings.Repeat("k", 32))
	for form, want := range map[domain.AuditUsername]domain.Pseudonym{
		domain.AuditUsernamePlain: "alice",
		domain.AuditUsernameNone:  "",
		domain.AuditUsernameHMAC:  domain.NewPseudonymizer(domain.AuditUsernameHMAC, key).Pseudonym("Alice"),
	} {
		f := newFixture(t)
		f.options.Pseudonymizer = domain.NewPseudonymizer(form, key)
		f.finds(nil, nil)
		if got, _ := f.complete(t); got.Username != want {
			t.Errorf("%s: recorded as %q, want %q", form, got.Username, want)
		}
	}
}

func TestWhatStoodInTheWaySaysNothingOfThePerson(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.completion.Groups, f.completion.GroupsKnown = []string{"editors"}, true
	gomock.InOrder(f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.lists(nil, "editors"), f.adds("editors", ports.ErrNoGroup))
	_, err := f.complete(t)
	if err == nil || strings.Contains(err.Error(), "alice") || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "editors") {
		t.Errorf("the log is told %v", err)
	}
}

// TestEachCompletionGoesToItsOwnSource has two sources under one destination.
func TestEachCompletionGoesToItsOwnSource(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.options.Groups = domain.GroupMap{}
	other := newFixture(t) // its source must not be asked
	f.sources = maps.Clone(f.sources)
	f.sources["OTHER"] = other.sources["SOURCE"]
	gomock.InOrder(f.finds(moved(), nil), f.reads(domain.UserFound, alice(), nil), f.finds(moved(), nil), f.disables(nil))
	if got, err := f.complete(t); err != nil || got.Outcome != domain.CompletionDone {
		t.Errorf("got %+v, %v", got, err)
	}
}
