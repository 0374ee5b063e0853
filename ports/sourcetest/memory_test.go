package sourcetest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
)

// bug is something that is wrong with a directory; none is none.
type bug string

// memory is a directory that keeps the contract, but for its bug.
type memory struct {
	bug          bug
	capabilities []sourcetest.Capability
	users        map[string]sourcetest.User
	outage       error
	silent       bool
	questions    atomic.Int64

	hashes atomic.Int64

	last atomic.Pointer[domain.SourceUser]
}

// everything is what the directory in memory can do.
func everything() []sourcetest.Capability {
	return []sourcetest.Capability{
		sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers,
		sourcetest.TemporaryPasswords, sourcetest.Resets,
		sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
		sourcetest.EmailAliases, sourcetest.Ambiguity, sourcetest.KeepsSubs,
		sourcetest.CertifiesUnjudged, sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Throttling,
		sourcetest.Misconfiguration, sourcetest.Silence, sourcetest.Closure, sourcetest.Unreadability,
	}
}

// harness prepares the directory in memory.
func harness(b bug, capabilities ...sourcetest.Capability) sourcetest.Harness {
	m := &memory{bug: b, capabilities: capabilities}
	h := sourcetest.Harness{
		Name:     "memory",
		Declared: capabilities,
		Open: func(_ *testing.T, users []sourcetest.User) ports.SourceDirectory {
			m.users = make(map[string]sourcetest.User)
			for _, known := range users {
				m.users[m.key(known.Username)] = known
			}
			return m
		},
	}
	if m.can(sourcetest.VerifiesHashes) {
		h.Work = func() map[string]int { return map[string]int{"hashes": int(m.hashes.Load())} }
	}
	if m.can(sourcetest.CountsQuestions) {
		h.Questions = func() int { return int(m.questions.Load()) }
	}
	for capability, set := range map[sourcetest.Capability]struct {
		function *func(*testing.T) ports.SourceDirectory
		outage   error
	}{
		sourcetest.Unreachability:   {&h.Unreachable, ports.ErrUnreachable},
		sourcetest.Throttling:       {&h.Throttled, ports.ErrThrottled},
		sourcetest.Misconfiguration: {&h.Misconfigured, ports.ErrMisconfigured},
		sourcetest.Silence:          {&h.Silent, nil},
		sourcetest.Closure:          {&h.Closed, ports.ErrUnreachable},
		sourcetest.Unreadability:    {&h.Unreadable, errUnreadable},
	} {
		if m.can(capability) {
			*set.function = func(*testing.T) ports.SourceDirectory {
				return &memory{bug: b, capabilities: capabilities, outage: set.outage, silent: set.outage == nil}
			}
		}
	}
	return h
}

// errUnreadable is the outage of a directory whose answers mean nothing.
var errUnreadable = fmt.Errorf("unreadable: %w", ports.ErrUnreachable)

func (m *memory) can(capability sourcetest.Capability) bool {
	for _, c := range m.capabilities {
		if c == capability {
			return true
		}
	}
	return false
}

func (m *memory) key(username string) string {
	if m.can(sourcetest.CaseInsensitive) != (m.bug == "takes letter case the other way") {
		return strings.ToLower(username)
	}
	return username
}

// Authenticate implements ports.SourceDirectory.
func (m *memory) Authenticate(ctx context.Context, username string, secret domain.Password) (domain.Finding, error) {
	password := secret.Reveal()
	if m.bug == "asks about an empty password" {
		m.questions.Add(1)
	}
	if password == "" && m.bug != "accepts an empty password" {
		return m.finding(domain.PasswordWrong), nil
	}
	m.questions.Add(1)
	if m.bug == "asks twice" {
		m.questions.Add(1)
	}
	if finding, out, err := m.isOut(ctx, username, password); out {
		certain := !errors.Is(err, errUnreadable) && !errors.Is(err, ports.ErrMisconfigured)
		certain = certain && m.can(sourcetest.CertifiesUnjudged)
		if certain != (m.bug == "certifies the wrong way round") {
			err = ports.NotJudged(err)
		}
		if m.bug == "takes what it cannot read for a proof" && errors.Is(err, errUnreadable) {
			return m.finding(domain.PasswordAccepted), nil
		}
		return finding, err
	}
	known, kind := m.lookUp(username)
	if kind != domain.UserFound {
		if m.bug != "is quick for unknown users" {
			m.hash()
		}
		if kind == domain.UserUnknown && (m.can(sourcetest.HidesUnknownUsers) || m.bug == "hides unknown users") {
			kind = domain.PasswordWrong
		}
		if m.bug == "shows somebody else's profile" {
			finding := m.finding(kind)
			finding.User = m.user(m.users["bob.unverified"])
			return finding, nil
		}
		return m.finding(kind), nil
	}
	m.hash()
	finding := m.finding(m.prove(known, password))
	finding.User = m.user(known)
	if m.bug == "returns the name that was typed" {
		finding.User.Username = username
	}
	if m.bug == "puts the name into the challenge" {
		finding.Challenge = username
	}
	return m.shared(finding), nil
}

// FindUser implements ports.SourceDirectory.
func (m *memory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if finding, out, err := m.isOut(ctx, username, ""); out {
		return finding, err
	}
	if m.can(sourcetest.NoLookUps) && m.bug != "calls everyone unknown" {
		return m.finding(domain.LookUpUnsupported), nil
	}
	known, kind := m.lookUp(username)
	if m.bug == "calls everyone unknown" {
		return m.finding(domain.UserUnknown), nil
	}
	finding := m.finding(kind)
	if kind == domain.UserFound {
		finding.User = m.user(known)
	}
	if m.bug == "takes a look-up for a proof" && kind == domain.UserFound {
		finding.Kind = domain.PasswordAccepted
	}
	if m.bug == "finds nobody" {
		return m.finding(domain.UserUnknown), nil
	}
	return m.shared(finding), nil
}

// hash counts one as computed.
func (m *memory) hash() { m.hashes.Add(1) }

// shared gives every answer through one variable, if that is the bug. Where many
// ask at a time, it lets another come in between.
func (m *memory) shared(finding domain.Finding) domain.Finding {
	if m.bug != "shares its memory between callers" {
		return finding
	}
	m.last.Store(&finding.User)
	for range 10_000 { // one who asks alone finds nobody
		if m.last.Load() != &finding.User {
			break
		}
		runtime.Gosched()
	}
	finding.User = *m.last.Load()
	return finding
}

// isOut answers where the directory or the context ended.
func (m *memory) isOut(ctx context.Context, username, password string) (finding domain.Finding, out bool, err error) {
	if m.silent {
		if m.bug == "waits on after the deadline" && password != "" {
			select {} // for longer than any test waits
		}
		<-ctx.Done()
	}
	if m.bug == "ignores the context" {
		ctx = context.WithoutCancel(ctx)
	}
	if ctx.Err() != nil {
		if m.bug == "calls an ended context an outage" {
			return domain.Finding{}, true, ports.ErrUnreachable
		}
		return domain.Finding{}, true, ctx.Err()
	}
	if m.outage == nil {
		return domain.Finding{}, false, nil
	}
	switch m.bug {
	case "takes an outage for an unknown user":
		return m.finding(domain.UserUnknown), true, nil
	case "takes an outage for a wrong password":
		return m.finding(domain.PasswordWrong), true, nil
	case "calls every outage unreachable":
		return domain.Finding{}, true, ports.ErrUnreachable
	case "calls an outage by two names":
		return domain.Finding{}, true, errors.Join(m.outage, ports.ErrUnreachable, ports.ErrThrottled)
	case "has errors of its own":
		return domain.Finding{}, true, errors.New("out of order")
	case "returns a finding beside an error":
		return m.finding(domain.UserUnknown), true, m.outage
	case "tells the username in errors":
		return domain.Finding{}, true, fmt.Errorf("%s: %w", username, m.outage)
	case "tells the password in errors":
		return domain.Finding{}, true, fmt.Errorf("%q: %w", password, m.outage)
	case "tells the username in a wrapped error":
		return domain.Finding{}, true, &discreet{fmt.Errorf("%s: %w", username, m.outage)}
	case "tells the username in an error's fields":
		return domain.Finding{}, true, &talkative{username, m.outage}
	default:
		return domain.Finding{}, true, fmt.Errorf("memory: %w", m.outage)
	}
}

// discreet says nothing, but what it wraps does.
type discreet struct{ inner error }

func (*discreet) Error() string   { return "out of order" }
func (d *discreet) Unwrap() error { return d.inner }

// talkative says something by %#v alone.
type talkative struct {
	Username string
	inner    error
}

func (*talkative) Error() string   { return "out of order" }
func (d *talkative) Unwrap() error { return d.inner }

func (m *memory) lookUp(username string) (sourcetest.User, domain.FindingKind) {
	switch m.bug {
	case "trims usernames":
		username = strings.TrimSpace(username)
	case "cuts usernames at NUL":
		username, _, _ = strings.Cut(username, "\x00")
	case "drops what is not ASCII":
		username = strings.Map(func(r rune) rune {
			if r > 0x7e {
				return -1
			}
			return r
		}, username)
	case "takes usernames for patterns":
		for _, known := range m.users {
			if matched, err := path.Match(username, known.Username); err == nil && matched {
				return known, domain.UserFound
			}
		}
	case "takes % for a pattern":
		if prefix, is := strings.CutSuffix(username, "%"); is {
			for _, known := range m.users {
				if strings.HasPrefix(known.Username, prefix) {
					return known, domain.UserFound
				}
			}
		}
	case "pastes usernames into a query":
		if strings.HasSuffix(username, "' OR '1'='1") {
			return m.users["alice.verified"], domain.UserFound
		}
	}
	if known, there := m.users[m.key(username)]; there {
		return known, domain.UserFound
	}
	return m.byEmail(username)
}

func (m *memory) byEmail(email string) (sourcetest.User, domain.FindingKind) {
	var found []sourcetest.User
	for _, known := range m.users {
		if m.can(sourcetest.EmailAliases) && known.Attributes["email"] == email {
			found = append(found, known)
		}
	}
	switch {
	case len(found) == 0 || m.bug == "knows no aliases":
		return sourcetest.User{}, domain.UserUnknown
	case len(found) > 1 && m.bug != "takes the first of two":
		return sourcetest.User{}, domain.UserAmbiguous
	default:
		return found[0], domain.UserFound
	}
}

func (m *memory) prove(known sourcetest.User, password string) domain.FindingKind {
	right := password == known.Password
	switch m.bug {
	case "accepts any password":
		right = true
	case "accepts no password":
		right = false
	case "accepts an empty password":
		right = right || password == ""
	case "trims passwords":
		right = strings.TrimSpace(password) == known.Password
	case "ignores letter case of passwords":
		right = strings.EqualFold(password, known.Password)
	case "compares only the beginning of passwords":
		right = strings.HasPrefix(known.Password, password) || strings.HasPrefix(password, known.Password)
	case "accepts anybody's password":
		for _, somebody := range m.users {
			right = right || somebody.Password == password
		}
	}
	switch {
	case known.Status == domain.StatusExternalProvider:
		if m.bug == "ignores federation" {
			return domain.PasswordAccepted
		}
		return domain.UserFederated
	case known.Status == domain.StatusResetRequired && m.bug != "ignores demanded resets":
		return domain.ResetRequired
	case !right:
		return domain.PasswordWrong
	case known.Status == domain.StatusForceChangePassword && m.bug != "takes temporary passwords for lasting ones":
		return domain.TemporaryPasswordAccepted
	case known.MFA != "" && m.bug != "ignores second factors":
		return domain.MFARequired
	default:
		return domain.PasswordAccepted
	}
}

func (m *memory) user(known sourcetest.User) domain.SourceUser {
	user := domain.SourceUser{
		Username:   known.Username,
		Status:     known.Status,
		Enabled:    !known.Disabled,
		Attributes: maps.Clone(known.Attributes),
	}
	if m.can(sourcetest.KeepsSubs) {
		user.Sub = known.Sub
	}
	if known.MFA != "" {
		user.MFA, user.PreferredMFA = []domain.MFAMethod{known.MFA}, known.MFA
	}
	if known.Username != "" {
		m.spoil(&user)
	}
	return user
}

// spoil changes the profile as the bug has it.
func (m *memory) spoil(user *domain.SourceUser) {
	switch m.bug {
	case "takes disabled users for enabled ones":
		user.Enabled = true
	case "takes everyone for disabled":
		user.Enabled = false
	case "ignores what status a user has", "ignores demanded resets", "takes temporary passwords for lasting ones", "ignores federation":
		user.Status = ""
	case "ignores second factors", "forgets second factors in a look-up":
		user.MFA, user.PreferredMFA = nil, ""
	case "vouches for every email address":
		user.Attributes["email_verified"] = "true"
	case "says something where the directory says nothing":
		if user.Attributes["email_verified"] == "" {
			user.Attributes["email_verified"] = "false"
		}
	case "vouches for no email address":
		delete(user.Attributes, "email_verified")
	case "leaves attributes out":
		delete(user.Attributes, "given_name")
	case "makes attributes up":
		user.Attributes["nickname"] = "someone"
	case "changes attributes":
		user.Attributes["name"] = strings.ToLower(user.Attributes["name"])
	case "gives everyone one sub":
		user.Sub = "5ab00000-0000-4000-8000-000000000000"
	case "makes up subs":
		user.Sub = "sub of " + user.Username
	}
}

func (m *memory) finding(kind domain.FindingKind) domain.Finding {
	finding := domain.Finding{Kind: kind, Source: "memory"}
	if m.bug == "does not name itself" {
		finding.Source = ""
	}
	if m.bug == "finds nothing at all" {
		finding.Kind = 0
	}
	return finding
}
