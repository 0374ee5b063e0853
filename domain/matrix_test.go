package domain_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

//go:generate go test -run TestTheMatrixOfThePage -update .
var update = flag.Bool("update", false, "write the matrix of docs/second-factors.md")

const (
	matrixBegins = "<!-- matrix:begin -->\n"
	matrixEnds   = "<!-- matrix:end -->"
)

// policy is a choice of MIGRATE_ON_MFA with the settings that it depends on.
type policy struct {
	name   string
	onMFA  domain.OnMFA
	to     domain.DestinationMFA
	mfa    string // MIGRATE_DESTINATION_MFA
	writes bool   // completion sets second factors
}

// policies are the rows' choices. A destination that takes every factor is the one
// with the most that could be bypassed.
func policies(t *testing.T) []policy {
	t.Helper()
	list := []policy{
		{name: "`refuse`", onMFA: domain.MFARefuse},
		{name: "`carry` to `ON`", onMFA: domain.MFACarry, mfa: "ON,SMS_MFA,EMAIL_OTP,SOFTWARE_TOKEN_MFA", writes: true},
		{name: "`carry` to `OPTIONAL`", onMFA: domain.MFACarry, mfa: "OPTIONAL,SMS_MFA,EMAIL_OTP", writes: true},
		{name: "`enroll`", onMFA: domain.MFAEnroll, mfa: "ON,SMS_MFA,EMAIL_OTP,SOFTWARE_TOKEN_MFA", writes: true},
		{name: "`migrate`", onMFA: domain.MFAMigrate},
	}
	for i := range list {
		if list[i].mfa != "" {
			if err := list[i].to.UnmarshalText([]byte(list[i].mfa)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list
}

func (p policy) rules() domain.Rules {
	r := domain.DefaultRules()
	r.OnMFA, r.DestinationMFA, r.SetsMFAPreference = p.onMFA, p.to, p.writes
	if p.onMFA == domain.MFAEnroll {
		r.MFAGroup = "new-factor"
	}
	return r
}

// secondFactor is what a user has at the source.
type secondFactor struct {
	name      string
	methods   []domain.MFAMethod
	preferred domain.MFAMethod
	required  bool   // the pool requires one of everybody
	challenge string // what a user pool asks for after the password
}

func secondFactors() []secondFactor {
	const sms, email, totp, passkey = domain.MFASMS, domain.MFAEmail, domain.MFASoftwareToken, domain.MFAPasskey
	return []secondFactor{
		{name: "none"},
		{name: "SMS", methods: []domain.MFAMethod{sms}, preferred: sms, challenge: "SMS_MFA"},
		{name: "email", methods: []domain.MFAMethod{email}, preferred: email, challenge: "EMAIL_OTP"},
		{name: "TOTP", methods: []domain.MFAMethod{totp}, preferred: totp, challenge: "SOFTWARE_TOKEN_MFA"},
		{name: "passkey", methods: []domain.MFAMethod{passkey}, challenge: "WEB_AUTHN"},
		{name: "not known by name", methods: []domain.MFAMethod{domain.MFAOther}, challenge: "CUSTOM"},
		{name: "several, SMS preferred", methods: []domain.MFAMethod{sms, email, totp}, preferred: sms, challenge: "SMS_MFA"},
		{name: "several, email preferred", methods: []domain.MFAMethod{sms, email, totp}, preferred: email, challenge: "EMAIL_OTP"},
		{name: "several, TOTP preferred", methods: []domain.MFAMethod{sms, email, totp}, preferred: totp, challenge: "SOFTWARE_TOKEN_MFA"},
		{name: "several, SMS by choice", methods: []domain.MFAMethod{sms, totp}, challenge: "SELECT_MFA_TYPE"},
		{name: "required, none listed, asks for SMS", required: true, challenge: "SMS_MFA"},
		{name: "required, none listed, asks for email", required: true, challenge: "EMAIL_OTP"},
		{name: "required, none set up", required: true, challenge: "MFA_SETUP"},
	}
}

func (f secondFactor) exists() bool { return len(f.methods) > 0 || f.required }

// The sources, by what they say of second factors.
const (
	asks       = "a user pool"
	names      = "names factors and asks for none"
	cannotTell = "cannot tell"
)

// way is a path to a decision.
type way struct {
	name    string
	trigger domain.Trigger
	kind    domain.FindingKind
	status  domain.UserStatus
}

func ways() []way {
	return []way{
		{"sign-in", domain.TriggerAuthentication, domain.PasswordAccepted, domain.StatusConfirmed},
		{"temporary password", domain.TriggerAuthentication, domain.TemporaryPasswordAccepted, domain.StatusForceChangePassword},
		{"required reset", domain.TriggerAuthentication, domain.ResetRequired, domain.StatusResetRequired},
		{"forgot-password", domain.TriggerForgotPassword, domain.UserFound, domain.StatusConfirmed},
	}
}

// findingOf is what a source says of a user with this factor on this way.
func findingOf(source string, f secondFactor, w way) domain.Finding {
	user := changed(func(u *domain.SourceUser) {
		u.Status = w.status
		u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "+81901234567", "true"
	})
	finding := domain.Finding{Kind: w.kind}
	switch source {
	case asks:
		user.MFA, user.PreferredMFA, user.MFARequired = f.methods, f.preferred, f.required
		if f.exists() && w.kind == domain.PasswordAccepted {
			finding.Kind, finding.Challenge = domain.MFARequired, f.challenge
		}
	case names:
		user.MFA, user.PreferredMFA, user.MFAUnasked = f.methods, f.preferred, true
	}
	finding.User = user
	return finding
}

// cell is one decision of the matrix.
type cell struct {
	policy   policy
	source   string
	factor   secondFactor
	way      way
	decision domain.Decision
}

// matrix is every cell, in the order of the page.
func matrix(t *testing.T) []cell {
	t.Helper()
	var cells []cell
	for _, p := range policies(t) {
		for _, source := range []string{asks, names, cannotTell} {
			for _, f := range secondFactors() {
				if f.required && source != asks {
					continue // only a user pool requires a factor of everybody
				}
				for _, w := range ways() {
					attempt := domain.Attempt{Trigger: w.trigger, Username: "alice"}
					if w.trigger == domain.TriggerAuthentication {
						attempt.Password = domain.NewPassword("Right-Password-1")
					}
					cells = append(cells, cell{p, source, f, w, domain.Decide(p.rules(), attempt, findingOf(source, f, w))})
				}
			}
		}
	}
	return cells
}

// outcome is what the page says of a decision.
func outcome(d domain.Decision) string {
	if d.Verdict != domain.Migrate {
		return "refused"
	}
	word := "no factor"
	switch {
	case d.MFAGroup != "" && d.User.EnableSMSMFA:
		word = "SMS, group"
	case d.MFAGroup != "" && d.SecondFactor == domain.MFAEmail:
		word = "email, group"
	case d.MFAGroup != "":
		word = "group"
	case d.User.EnableSMSMFA:
		word = "SMS"
	case d.SecondFactor == domain.MFAEmail:
		word = "email"
	}
	if d.User.FinalStatus != domain.FinalConfirmed {
		word = "reset, " + word
	}
	return word
}

// seen is what a user sees at the first two sign-ins, by the word of the page.
func seen() [][3]string {
	return [][3]string{
		{"refused", "an error (`mfa_required`, or with `carry` `mfa_cannot_be_carried`)", "the same error"},
		{"no factor", "password; then what the destination asks of users without a factor", "the same"},
		{"reset, no factor", "a reset code, a new password", "the new password; then what the destination asks of users without a factor"},
		{"SMS", "password, code by SMS", "password, code by SMS"},
		{"reset, SMS", "a reset code by email, a new password", "the new password, code by SMS"},
		{"email", "password; then a code: by email, or by SMS if SMS_MFA is on and Cognito sends reset codes by email", "password, code by email (completion has run)"},
		{"group", "password; then a code to a contact, or set-up of a factor (`MFA_SETUP`)", "password, the new factor"},
		{"reset, group", "a reset code, a new password", "the new password; then a code to a contact, or set-up of a factor (`MFA_SETUP`)"},
		{"SMS, group", "password, code by SMS", "password, code by SMS"},
		{"reset, SMS, group", "a reset code by email, a new password", "the new password, code by SMS"},
		{"email, group", "as `email`", "password, code by email"},
	}
}

// TestNoCellOfTheMatrixBypassesASecondFactor holds every cell of the matrix, not only
// the words on the page.
func TestNoCellOfTheMatrixBypassesASecondFactor(t *testing.T) {
	t.Parallel()
	for _, c := range matrix(t) {
		name := strings.Join([]string{c.policy.name, c.source, c.factor.name, c.way.name}, "; ")
		d := c.decision
		migrates := d.Verdict == domain.Migrate
		if !c.factor.exists() || c.source == cannotTell {
			if !migrates || d.MFAGroup != "" || d.SecondFactor != "" || d.User.EnableSMSMFA {
				t.Errorf("%s: a user without a factor, as far as the source can tell: %v", name, d)
			}
			continue
		}
		passes := c.factor.methods // what lets the user in at the source
		switch {
		case c.factor.preferred != "":
			passes = []domain.MFAMethod{c.factor.preferred}
		case c.factor.required && c.way.name == "sign-in":
			passes = []domain.MFAMethod{domain.MFAMethod(c.factor.challenge)}
		}
		bySMS := d.User.EnableSMSMFA && slices.Contains(passes, domain.MFASMS) && c.policy.to.Takes(domain.MFASMS)
		byEmail := d.SecondFactor == domain.MFAEmail && slices.Contains(passes, domain.MFAEmail) && c.policy.to.Takes(domain.MFAEmail) &&
			c.policy.to.Mode == domain.MFAOn && d.User.FinalStatus == domain.FinalConfirmed
		switch c.policy.onMFA {
		case domain.MFARefuse:
			if migrates || d.Reason != domain.ReasonMFARequired {
				t.Errorf("%s: %v", name, d)
			}
		case domain.MFACarry:
			if migrates && !bySMS && !byEmail || !migrates && d.Reason != domain.ReasonMFANotCarried {
				t.Errorf("%s: %v", name, d)
			}
		case domain.MFAEnroll:
			if !migrates || d.MFAGroup == "" || c.policy.to.Mode != domain.MFAOn {
				t.Errorf("%s: %v, group %q", name, d, d.MFAGroup)
			}
		case domain.MFAMigrate: // gives the factor up, as the page says
		}
		if d.User.EnableSMSMFA && d.User.FinalStatus != domain.FinalConfirmed && d.User.Attributes["email_verified"] != "true" {
			t.Errorf("%s: no reset code can be sent", name)
		}
	}
}

// TestTheMatrixOfThePage writes the matrix into the page, or holds the page to it.
func TestTheMatrixOfThePage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../docs/second-factors.md", "../docs/second-factors.ja.md"} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, begins := strings.Cut(string(page), matrixBegins)
		_, after, ends := strings.Cut(rest, matrixEnds)
		if !begins || !ends {
			t.Fatalf("%s lacks %q or %q", name, matrixBegins, matrixEnds)
		}
		want := before + matrixBegins + matrixTable(t) + matrixEnds + after
		switch {
		case *update:
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		case string(page) != want:
			t.Errorf("the matrix of %s differs from the decisions; run make generate", name)
		}
	}
}

// matrixRow is one row of the page.
type matrixRow struct {
	policies, factors []string
	source, cells     string
}

// matrixRows groups the cells: factors that fare alike share a row, and so do sources
// and policies.
func matrixRows(t *testing.T) []matrixRow {
	t.Helper()
	var rows []matrixRow
	cells := matrix(t)
	for ; len(cells) > 0; cells = cells[len(ways()):] {
		of := cells[:len(ways())]
		words := make([]string, len(of))
		for i, c := range of {
			words[i] = outcome(c.decision)
		}
		source, factor := "tells factors", of[0].factor.name
		if of[0].source == cannotTell {
			source, factor = "cannot tell", "any, or none"
		}
		line := strings.Join(words, " | ")
		at := slices.IndexFunc(rows, func(r matrixRow) bool {
			return r.policies[0] == of[0].policy.name && r.source == source && r.cells == line
		})
		if at < 0 {
			rows = append(rows, matrixRow{policies: []string{of[0].policy.name}, source: source, cells: line})
			at = len(rows) - 1
		}
		if !slices.Contains(rows[at].factors, factor) {
			rows[at].factors = append(rows[at].factors, factor)
		}
	}
	return joinPolicies(rows)
}

// joinPolicies makes one row of those that differ by the policy alone.
func joinPolicies(rows []matrixRow) []matrixRow {
	var joined []matrixRow
	for _, row := range rows {
		at := slices.IndexFunc(joined, func(r matrixRow) bool {
			return r.source == row.source && r.cells == row.cells && slices.Equal(r.factors, row.factors)
		})
		if at < 0 {
			joined = append(joined, row)
			continue
		}
		joined[at].policies = append(joined[at].policies, row.policies...)
	}
	return joined
}

// matrixTable is the matrix in Markdown.
func matrixTable(t *testing.T) string {
	t.Helper()
	var table strings.Builder
	table.WriteString("| `MIGRATE_ON_MFA` | source | second factor | sign-in | temporary password | required reset | forgot-password |\n|---|---|---|---|---|---|---|\n")
	for _, r := range matrixRows(t) {
		choice := strings.Join(r.policies, ", ")
		if len(r.policies) == len(policies(t)) {
			choice = "any"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", choice, r.source, strings.Join(r.factors, "; "), r.cells)
	}
	table.WriteString("\n| in the matrix | first sign-in | second sign-in |\n|---|---|---|\n")
	for _, words := range seen() {
		fmt.Fprintf(&table, "| %s | %s | %s |\n", words[0], words[1], words[2])
	}
	return table.String()
}

// TestBothKindsOfSourcesThatTellFareAlike: the page has one row for both.
func TestBothKindsOfSourcesThatTellFareAlike(t *testing.T) {
	t.Parallel()
	words := make(map[string]string)
	for _, c := range matrix(t) {
		if c.source == cannotTell {
			continue
		}
		key, word := c.policy.name+c.factor.name+c.way.name, outcome(c.decision)
		if other, there := words[key]; there && other != word {
			t.Errorf("%s, %s, %s: %q and %q", c.policy.name, c.factor.name, c.way.name, other, word)
		}
		words[key] = word
	}
}

// TestEveryWordOfTheMatrixIsExplained: the page explains what a user sees for each
// outcome, and has no other.
func TestEveryWordOfTheMatrixIsExplained(t *testing.T) {
	t.Parallel()
	explained := make(map[string]bool)
	for _, words := range seen() {
		explained[words[0]] = false
	}
	for _, c := range matrix(t) {
		word := outcome(c.decision)
		if _, there := explained[word]; !there {
			t.Errorf("%q is not explained", word)
		}
		explained[word] = true
	}
	for word, used := range explained {
		if !used {
			t.Errorf("%q is explained and never happens", word)
		}
	}
}
