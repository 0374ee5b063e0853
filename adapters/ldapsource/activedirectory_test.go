package ldapsource_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/hashicorp/go-hclog"
	"github.com/jimlambrt/gldap"
)

const (
	corp       = "DC=corp,DC=example"
	serviceUPN = "svc-migration@corp.example"
)

// controller answers as a domain controller of Active Directory does.
type controller struct {
	mu       sync.Mutex
	accounts []*account
	binds    int
	empty    int // binds without a name or without a password
	result   int // the answer to every search and change, where it is not 0
	service  int // the answer to the service account's bind
	racing   bool
}

type account struct {
	dn         string
	attributes map[string][]string
	password   string
	// rightCode is the sub-code for the right password, anyCode for every one.
	rightCode, anyCode string
	// result is another result than 49 for a bind, with its message.
	result  int
	message string
}

// start serves on a free port of loopback.
func (c *controller) start(t *testing.T) ldapsource.Settings {
	t.Helper()
	mux, err := gldap.NewMux()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{mux.Bind(c.bind), mux.Search(c.search), mux.Modify(c.modify), mux.Delete(c.remove)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	server, err := gldap.NewServer(gldap.WithLogger(hclog.NewNullLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Router(mux); err != nil {
		t.Fatal(err)
	}
	address := process.ClosedAddress(t)
	go func() { _ = server.Run(address) }()
	t.Cleanup(func() { _ = server.Stop() })
	if err := process.Poll(t.Context(), process.Connects(address)); err != nil {
		t.Fatalf("gldap: %v", err)
	}
	return ldapsource.Settings{
		URL: ldapsource.URL("ldap://" + address), Preset: ldapsource.PresetActiveDirectory,
		BindDN: serviceUPN, BindPassword: domain.NewSecret(servicePassword), BaseDN: corp,
	}
}

// answering are the settings of a server that gives every request this result.
func answering(t *testing.T, result int) ldapsource.Settings {
	t.Helper()
	return (&controller{result: result}).start(t)
}

// refusing are the settings of a server with the same accounts, which answers the
// bind of each of them with this result.
func (c *controller) refusing(t *testing.T, result int) ldapsource.Settings {
	t.Helper()
	other := new(controller)
	for _, a := range c.accounts {
		refused := *a
		refused.result = result
		other.accounts = append(other.accounts, &refused)
	}
	return other.start(t)
}

func (c *controller) bind(w *gldap.ResponseWriter, r *gldap.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	response := r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials))
	defer func() { _ = w.Write(response) }()
	m, err := r.GetSimpleBindMessage()
	if err != nil {
		return
	}
	if m.UserName == serviceUPN {
		response.SetResultCode(c.service)
		if m.Password != servicePassword {
			response.SetResultCode(gldap.ResultInvalidCredentials)
			response.SetDiagnosticMessage(refusal("52e"))
		}
		return
	}
	c.binds++
	if m.UserName == "" || m.Password == "" {
		c.empty++
		response.SetResultCode(gldap.ResultSuccess) // an unauthenticated bind
		return
	}
	i := slices.IndexFunc(c.accounts, func(a *account) bool { return a.dn == m.UserName })
	if i < 0 {
		response.SetDiagnosticMessage(refusal("52e"))
		return
	}
	switch a := c.accounts[i]; {
	case a.result != 0:
		response.SetResultCode(a.result)
		response.SetDiagnosticMessage(a.message)
	case a.anyCode != "":
		response.SetDiagnosticMessage(refusal(a.anyCode))
	case string(m.Password) != a.password:
		response.SetDiagnosticMessage(refusal("52e"))
	case a.rightCode != "":
		response.SetDiagnosticMessage(refusal(a.rightCode))
	default:
		response.SetResultCode(gldap.ResultSuccess)
	}
}

// refusal is the message of a bind that Active Directory refuses.
func refusal(subCode string) string {
	return "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data " + subCode + ", v4563\x00"
}

func (c *controller) search(w *gldap.ResponseWriter, r *gldap.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := r.NewSearchDoneResponse(gldap.WithResponseCode(c.result))
	defer func() { _ = w.Write(done) }()
	m, err := r.GetSearchMessage()
	if err != nil || c.result != 0 {
		return
	}
	filter, err := ldap.CompileFilter(m.Filter)
	if err != nil {
		done.SetResultCode(gldap.ResultFilterError)
		return
	}
	sent := int64(0)
	for _, a := range c.accounts {
		if !a.matches(filter) {
			continue
		}
		if sent++; m.SizeLimit > 0 && sent > m.SizeLimit {
			done.SetResultCode(gldap.ResultSizeLimitExceeded)
			return
		}
		_ = w.Write(r.NewSearchResponseEntry(a.dn, gldap.WithAttributes(a.attributes)))
	}
}

// matches compares as loosely as a directory does: neither case nor the spaces
// at the ends matter.
func (a *account) matches(filter *ber.Packet) bool {
	switch int(filter.Tag) {
	case ldap.FilterAnd:
		return !slices.ContainsFunc(filter.Children, func(part *ber.Packet) bool { return !a.matches(part) })
	case ldap.FilterOr:
		return slices.ContainsFunc(filter.Children, a.matches)
	case ldap.FilterEqualityMatch:
		name, _ := filter.Children[0].Value.(string)
		value, _ := filter.Children[1].Value.(string)
		if name == "objectClass" || name == "objectCategory" {
			return slices.Contains([]string{"user", "person"}, value)
		}
		return slices.ContainsFunc(a.attributes[name], func(kept string) bool {
			return strings.EqualFold(strings.TrimSpace(kept), strings.TrimSpace(value))
		})
	default:
		return false
	}
}

func (c *controller) modify(w *gldap.ResponseWriter, r *gldap.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	response := r.NewModifyResponse(gldap.WithResponseCode(c.result))
	defer func() { _ = w.Write(response) }()
	m, err := r.GetModifyMessage()
	if err != nil || c.result != 0 {
		return
	}
	i := slices.IndexFunc(c.accounts, func(a *account) bool { return a.dn == m.DN })
	if i < 0 {
		response.SetResultCode(gldap.ResultNoSuchObject)
		return
	}
	attributes := c.accounts[i].attributes
	if c.racing {
		attributes["userAccountControl"] = []string{"66048"}
	}
	for _, change := range m.Changes {
		name := change.Modification.Type
		values, err := gldap.ConvertString(change.Modification.Vals...) // they come as BER
		if err != nil {
			response.SetResultCode(gldap.ResultDecodingError)
			return
		}
		switch change.Operation {
		case gldap.DeleteAttribute:
			if !slices.Equal(attributes[name], values) {
				response.SetResultCode(gldap.ResultNoSuchAttribute)
				return
			}
			delete(attributes, name)
		case gldap.AddAttribute:
			attributes[name] = values
		}
	}
}

func (c *controller) remove(w *gldap.ResponseWriter, r *gldap.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	response := r.NewResponse(gldap.WithApplicationCode(gldap.ApplicationDelResponse), gldap.WithResponseCode(c.result))
	defer func() { _ = w.Write(response) }()
	m, err := r.GetDeleteMessage()
	if err != nil || c.result != 0 {
		return
	}
	before := len(c.accounts)
	c.accounts = slices.DeleteFunc(c.accounts, func(a *account) bool { return a.dn == m.DN })
	if len(c.accounts) == before {
		response.SetResultCode(gldap.ResultNoSuchObject)
	}
}

// normal is an ordinary account.
func normal(name string, change ...func(*account)) *account {
	a := &account{
		dn: "CN=" + ldap.EscapeDN(name) + ",OU=Staff," + corp, password: "Right-Password-1",
		attributes: map[string][]string{
			"sAMAccountName": {name}, "userPrincipalName": {name + "@corp.example"}, "mail": {name + "@example.com"},
			"userAccountControl": {"512"}, "accountExpires": {"9223372036854775807"},
			"objectGUID": {string([]byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff})},
		},
	}
	for _, change := range change {
		change(a)
	}
	return a
}

// As Active Directory answers, by documents and samples: no peer of it can be
// had here.
func TestTheLDAPSourceKeepsTheContractAsActiveDirectoryAnswers(t *testing.T) {
	t.Parallel()
	var dc controller
	var settings ldapsource.Settings
	with := func(change func(*ldapsource.Settings)) ports.SourceDirectory {
		changed := settings
		change(&changed)
		return open(t, changed)
	}
	elsewhere := func(address string) ports.SourceDirectory {
		return with(func(s *ldapsource.Settings) { s.URL = ldapsource.URL("ldap://" + address) })
	}
	sourcetest.Run(t, sourcetest.Harness{
		Name: "corp",
		Declared: []sourcetest.Capability{
			sourcetest.DisabledUsers, sourcetest.TemporaryPasswords, sourcetest.Resets,
			sourcetest.EmailAliases, sourcetest.Ambiguity, sourcetest.CaseInsensitive, sourcetest.KeepsSubs,
			sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Throttling,
			sourcetest.Misconfiguration, sourcetest.Silence,
			sourcetest.Closure, sourcetest.Unreadability, sourcetest.CertifiesUnjudged,
		},
		Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
			for _, person := range people {
				dc.accounts = append(dc.accounts, accountOf(t, person))
			}
			settings = dc.start(t)
			settings.Attributes = ldapsource.AttributeMap{
				"updated_at": "extensionAttribute1", "email_verified": "extensionAttribute2", "phone_number_verified": "extensionAttribute3",
			}
			return open(t, settings)
		},
		Questions: func() int {
			dc.mu.Lock()
			defer dc.mu.Unlock()
			return dc.binds
		},
		Unreachable: func(t *testing.T) ports.SourceDirectory { return elsewhere(process.ClosedAddress(t)) },
		Closed:      func(t *testing.T) ports.SourceDirectory { return elsewhere(process.ClosedAddress(t)) },
		Unreadable:  func(t *testing.T) ports.SourceDirectory { return open(t, dc.refusing(t, gldap.ResultOther)) },
		Silent:      func(t *testing.T) ports.SourceDirectory { return elsewhere(process.SilentAddress(t)) },
		Throttled:   func(t *testing.T) ports.SourceDirectory { return open(t, answering(t, gldap.ResultBusy)) },
		Misconfigured: func(*testing.T) ports.SourceDirectory {
			return with(func(s *ldapsource.Settings) { s.BindPassword = domain.NewSecret("not the service account's") })
		},
	})
	if dc.empty > 0 {
		t.Errorf("%d binds went out without a name or without a password", dc.empty)
	}
}

func accountOf(t *testing.T, person sourcetest.User) *account {
	t.Helper()
	return normal(person.Username, func(a *account) {
		a.password = person.Password
		a.attributes["objectGUID"] = []string{guidOf(t, person.Sub)}
		delete(a.attributes, "mail")
		for name, attribute := range map[string]string{
			"email": "mail", "phone_number": "mobile", "name": "displayName", "given_name": "givenName",
			"updated_at": "extensionAttribute1", "email_verified": "extensionAttribute2", "phone_number_verified": "extensionAttribute3",
		} {
			if value := person.Attributes[name]; value != "" {
				a.attributes[attribute] = []string{value}
			}
		}
		switch {
		case person.Disabled:
			a.attributes["userAccountControl"], a.rightCode = []string{"514"}, "533"
		case person.Status == domain.StatusForceChangePassword:
			a.attributes["pwdLastSet"], a.rightCode = []string{"0"}, "773"
		case person.Status == domain.StatusResetRequired:
			a.rightCode = "532"
		}
	})
}

// guidOf is the sixteen bytes by which Active Directory keeps a GUID.
func guidOf(t *testing.T, text string) string {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 {
		t.Fatalf("no GUID: %q", text)
	}
	slices.Reverse(raw[0:4])
	slices.Reverse(raw[4:6])
	slices.Reverse(raw[6:8])
	return string(raw)
}

// What Active Directory says of a person, through the wire.
func TestWhatActiveDirectorySaysOfAPerson(t *testing.T) {
	t.Parallel()
	const windowsEpoch = 116444736000000000
	ticks := func(at time.Time) []string { return []string{strconv.FormatInt(at.UnixNano()/100+windowsEpoch, 10)} }
	for name, test := range map[string]struct {
		change  func(*account)
		signIn  domain.FindingKind
		fault   error
		enabled bool
	}{
		"an ordinary account":             {func(*account) {}, domain.PasswordAccepted, nil, true},
		"525, gone since the search":      {func(a *account) { a.anyCode = "525" }, domain.UserUnknown, nil, true},
		"52e, a wrong password":           {func(a *account) { a.password = "another" }, domain.PasswordWrong, nil, true},
		"530, not at this hour":           {func(a *account) { a.rightCode = "530" }, domain.SignInDenied, nil, true},
		"531, not from here":              {func(a *account) { a.rightCode = "531" }, domain.SignInDenied, nil, true},
		"532, the password has expired":   {func(a *account) { a.rightCode = "532" }, domain.ResetRequired, nil, true},
		"533, disabled":                   {func(a *account) { a.rightCode = "533" }, domain.UserDisabled, nil, true},
		"701, the account has expired":    {func(a *account) { a.rightCode = "701" }, domain.SignInDenied, nil, true},
		"773, the password is to change":  {func(a *account) { a.rightCode = "773" }, domain.TemporaryPasswordAccepted, nil, true},
		"775, locked out":                 {func(a *account) { a.anyCode = "775" }, domain.LockedOut, nil, true},
		"51f, no domain controller":       {func(a *account) { a.anyCode = "51f" }, 0, ports.ErrUnreachable, true},
		"unavailable":                     {func(a *account) { a.result = gldap.ResultUnavailable }, 0, ports.ErrUnreachable, true},
		"busy":                            {func(a *account) { a.result = gldap.ResultBusy }, 0, ports.ErrThrottled, true},
		"a referral":                      {func(a *account) { a.result = gldap.ResultReferral }, 0, ports.ErrMisconfigured, true},
		"strong authentication is wanted": {func(a *account) { a.result = gldap.ResultStrongAuthRequired }, 0, ports.ErrMisconfigured, true},
		"the flag ACCOUNTDISABLE":         {func(a *account) { a.attributes["userAccountControl"] = []string{"66050"} }, domain.UserDisabled, nil, false},
		"the flags LOCKOUT and PASSWORD_EXPIRED, which are not kept up": {func(a *account) {
			a.attributes["userAccountControl"] = []string{strconv.Itoa(512 | 0x10 | 0x800000)}
		}, domain.PasswordAccepted, nil, true},
		"an account that expired yesterday":  {func(a *account) { a.attributes["accountExpires"] = ticks(time.Now().Add(-24 * time.Hour)) }, domain.UserDisabled, nil, false},
		"an account that expires tomorrow":   {func(a *account) { a.attributes["accountExpires"] = ticks(time.Now().Add(24 * time.Hour)) }, domain.PasswordAccepted, nil, true},
		"an account that never expires, 0":   {func(a *account) { a.attributes["accountExpires"] = []string{"0"} }, domain.PasswordAccepted, nil, true},
		"an AD LDS account that is disabled": {func(a *account) { a.attributes["msDS-UserAccountDisabled"] = []string{"TRUE"} }, domain.UserDisabled, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dc := &controller{accounts: []*account{normal("hanako", test.change)}}
			directory := open(t, dc.start(t))
			finding, err := directory.Authenticate(t.Context(), "hanako", domain.NewPassword("Right-Password-1"))
			if finding.Kind != test.signIn || !errors.Is(err, test.fault) {
				t.Errorf("sign-in: got %v, %v, want %v, %v", finding, err, test.signIn, test.fault)
			}
			finding, err = directory.FindUser(t.Context(), "hanako")
			if err != nil || finding.Kind != domain.UserFound || finding.User.Enabled != test.enabled {
				t.Errorf("look-up: got %v, %v, enabled %t, want enabled %t", finding, err, finding.User.Enabled, test.enabled)
			}
		})
	}
}

// A profile of Active Directory's, and the names by which its owner is found.
func TestAProfileOfActiveDirectory(t *testing.T) {
	t.Parallel()
	dc := &controller{accounts: []*account{normal("hanako", func(a *account) {
		a.attributes["displayName"] = []string{"花子 山田"}
		a.attributes["sn"] = []string{"山田"}
		a.attributes["mail"] = []string{"hanako@example.com", "h.yamada@example.com"}
		a.attributes["mobile"] = []string{"+81 (0)50-1234-5678"}
		a.attributes["memberOf"] = []string{`CN=Staff\, all,OU=Groups,` + corp, "CN=admins,OU=Groups," + corp}
	})}}
	settings := dc.start(t)
	settings.Verified.Email = true
	directory := open(t, settings)
	for typed, email := range map[string]string{
		"hanako": "hanako@example.com", "HANAKO@corp.example": "hanako@example.com", "H.Yamada@example.com": "h.yamada@example.com",
	} {
		finding, err := directory.FindUser(t.Context(), typed)
		if err != nil || finding.Kind != domain.UserFound {
			t.Fatalf("%s: %v, %v", typed, finding, err)
		}
		user := finding.User
		want := map[string]string{"email": email, "email_verified": "true", "phone_number": "+81 (0)50-1234-5678", "name": "花子 山田", "family_name": "山田"}
		if got := map[string]string(user.Attributes); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", typed, got, want)
		}
		if user.Username != "hanako" || user.Sub != "00112233-4455-6677-8899-aabbccddeeff" || !user.Owns(typed) {
			t.Errorf("%s: username %q, sub %q, owned %t", typed, user.Username, user.Sub, user.Owns(typed))
		}
		if !user.GroupsKnown || !slices.Equal(user.Groups, []string{"Staff, all", "admins"}) {
			t.Errorf("%s: groups %q", typed, user.Groups)
		}
	}
}

// Nothing but a name and a password of one's own reaches a bind.
func TestNoBindWithoutANameAndAPassword(t *testing.T) {
	t.Parallel()
	dc := &controller{accounts: []*account{normal("hanako"), normal("nameless", func(a *account) { a.dn = "" })}}
	directory := open(t, dc.start(t))
	for _, password := range []string{"", "\x00", "\x00Right-Password-1", "Right-Password-1\x00"} {
		finding, err := directory.Authenticate(t.Context(), "hanako", domain.NewPassword(password))
		if finding.Kind != domain.PasswordWrong || err != nil {
			t.Errorf("%q: got %v, %v", password, finding, err)
		}
	}
	if finding, err := directory.Authenticate(t.Context(), "nameless", domain.NewPassword("Right-Password-1")); !errors.Is(err, ports.ErrMisconfigured) {
		t.Errorf("an entry without a name: got %v, %v", finding, err)
	}
	if dc.binds > 0 {
		t.Errorf("%d binds", dc.binds)
	}
}

// What a server says of a search, and of the service account.
func TestWhatAServerSaysOfUs(t *testing.T) {
	t.Parallel()
	for result, want := range map[int]error{
		gldap.ResultBusy: ports.ErrThrottled, gldap.ResultUnavailable: ports.ErrUnreachable, gldap.ResultOther: ports.ErrUnreachable,
		gldap.ResultTimeLimitExceeded: ports.ErrUnreachable, gldap.ResultAdminLimitExceeded: ports.ErrMisconfigured,
		gldap.ResultNoSuchObject: ports.ErrMisconfigured, gldap.ResultInsufficientAccessRights: ports.ErrMisconfigured,
		gldap.ResultOperationsError: ports.ErrMisconfigured, gldap.ResultReferral: ports.ErrMisconfigured,
		gldap.ResultConfidentialityRequired: ports.ErrMisconfigured, gldap.ResultUnwillingToPerform: ports.ErrMisconfigured,
	} {
		t.Run(strconv.Itoa(result), func(t *testing.T) {
			t.Parallel()
			for name, dc := range map[string]*controller{"search": {result: result}, "service account": {service: result}} {
				directory := open(t, dc.start(t))
				if _, err := directory.FindUser(t.Context(), "hanako"); !errors.Is(err, want) || !strings.Contains(err.Error(), strconv.Itoa(result)) {
					t.Errorf("%s: got %v, want %v with the result", name, err, want)
				}
			}
		})
	}
}

// The names of groups come from a search where the settings have a filter.
func TestGroupsBySearch(t *testing.T) {
	t.Parallel()
	hanako := normal("hanako")
	group := func(name string, members ...string) *account {
		return &account{dn: "CN=" + name + ",OU=Groups," + corp, attributes: map[string][]string{"member": members}}
	}
	dc := &controller{accounts: []*account{hanako, group("staff", hanako.dn), group("others", "CN=taro")}}
	settings := dc.start(t)
	settings.GroupFilter = "(member={dn})"
	directory := open(t, settings)
	if finding, err := directory.FindUser(t.Context(), "hanako"); err != nil || finding.User.GroupsKnown {
		t.Errorf("the profile is said to name the groups: %v, %v", finding, err)
	}
	groups, err := directory.Groups(t.Context(), "hanako")
	if err != nil || !slices.Equal(groups, []string{"staff"}) {
		t.Errorf("got %q, %v", groups, err)
	}
	groups, err = directory.Groups(t.Context(), "nobody")
	if err != nil || len(groups) > 0 {
		t.Errorf("nobody: got %q, %v", groups, err)
	}
}

// To disable sets one flag and leaves the others; to repeat it changes nothing;
// and who is found by another name is not touched.
func TestRetiring(t *testing.T) {
	t.Parallel()
	dc := &controller{accounts: []*account{
		normal("hanako", func(a *account) { a.attributes["userAccountControl"] = []string{"66048"} }),
		normal("taro", func(a *account) { a.attributes["mail"] = []string{"gone"} }),
	}}
	settings := dc.start(t)
	directory := open(t, settings)
	retirer := directory.Retirer()
	flags := func(i int) string {
		dc.mu.Lock()
		defer dc.mu.Unlock()
		return strings.Join(dc.accounts[i].attributes["userAccountControl"], " ")
	}
	for range 2 {
		for _, username := range []string{"hanako", "gone", "nobody", ""} {
			if err := retirer.Disable(t.Context(), username); err != nil {
				t.Errorf("%q: %v", username, err)
			}
		}
		if flags(0) != "66050" || flags(1) != "512" {
			t.Errorf("flags: %s, %s", flags(0), flags(1))
		}
	}
	if finding, err := directory.FindUser(t.Context(), "hanako"); err != nil || finding.User.Enabled {
		t.Errorf("not disabled: %v, %v", finding, err)
	}
	for range 2 {
		if err := retirer.Enable(t.Context(), "hanako"); err != nil || flags(0) != "66048" {
			t.Errorf("not enabled again: %v, %s", err, flags(0))
		}
	}
	dc.racing = true
	if err := retirer.Disable(t.Context(), "taro"); !errors.Is(err, ports.ErrUnreachable) || flags(1) != "66048" {
		t.Errorf("over a change by somebody else: %v, %s", err, flags(1))
	}
	for range 2 {
		for _, username := range []string{"hanako", "gone", "nobody"} {
			if err := retirer.SignOut(t.Context(), username); err != nil {
				t.Error(err)
			}
			if err := retirer.Delete(t.Context(), username); err != nil {
				t.Errorf("%q: %v", username, err)
			}
		}
		if len(dc.accounts) != 1 || !strings.HasPrefix(dc.accounts[0].dn, "CN=taro,") {
			t.Errorf("%d accounts are left", len(dc.accounts))
		}
	}
	dc.result = gldap.ResultInsufficientAccessRights
	if err := retirer.Disable(t.Context(), "taro"); !errors.Is(err, ports.ErrMisconfigured) {
		t.Errorf("without the right to: %v", err)
	}
}
