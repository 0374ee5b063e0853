package domain_test

import (
	"testing"

	"cognito-user-migration/domain"
)

// wide is alice with as many attributes as a user pool takes.
func wide() domain.SourceUser {
	user := alice()
	user.Attributes["birthdate"], user.Attributes["updated_at"] = "1980-01-05", "1700000000"
	for _, name := range domain.StandardAttributes() {
		if user.Attributes[name] == "" {
			user.Attributes[name] = "a value of some length"
		}
	}
	return user
}

func BenchmarkDecide(b *testing.B) {
	rules, attempt := domain.DefaultRules(), domain.Attempt{Trigger: signIn, Username: "alice"}
	for name, finding := range map[string]domain.Finding{
		"migrate": {Kind: domain.PasswordAccepted, User: wide()},
		"refuse":  {Kind: domain.PasswordWrong},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				domain.Decide(rules, attempt, finding)
			}
		})
	}
}

func BenchmarkAttributeMapApply(b *testing.B) {
	rules, user := mapping("*,custom:tenant='acme',custom:legacy_sub=sub"), wide()
	b.ReportAllocs()
	for b.Loop() {
		rules.Apply(user, domain.VerifiedBySource)
	}
}

// The decision is on every sign-in's path: what it allocates is held here, in
// numbers of allocations, because times depend on the machine.
func TestADecisionAllocatesTheNewUsersAttributesAlone(t *testing.T) {
	rules, attempt := domain.DefaultRules(), domain.Attempt{Trigger: signIn, Username: "alice"}
	for name, row := range map[string]struct {
		finding domain.Finding
		most    float64
	}{
		"a refusal":   {domain.Finding{Kind: domain.PasswordWrong}, 0},
		"a migration": {domain.Finding{Kind: domain.PasswordAccepted, User: wide()}, 4},
	} {
		if got := testing.AllocsPerRun(200, func() { domain.Decide(rules, attempt, row.finding) }); got > row.most {
			t.Errorf("%s makes %v allocations, at most %v are fine", name, got, row.most)
		}
	}
}
