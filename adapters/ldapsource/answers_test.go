package ldapsource

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/go-ldap/ldap/v3"
)

// Messages from manuals and from threads of those who got them. They are of Windows
// Server 2003 to 2022, AD LDS, Samba and other servers.
func TestSubCodes(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]struct {
		code string
		kind domain.FindingKind
	}{
		"80090308: LdapErr: DSID-0C09030B, comment: AcceptSecurityContext error, data 525, v893":                                              {"525", domain.UserUnknown},
		"80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1\x00":                                         {"52e", domain.PasswordWrong},
		"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580\x00":                                         {"52e", domain.PasswordWrong},
		"80090308: LdapErr: DSID-0C0903AA, comment: AcceptSecurityContext error, data 52E, v1772":                                             {"52e", domain.PasswordWrong},
		"80090308: LdapErr: DSID-0C090334, comment: AcceptSecurityContext error, data 52e, vece":                                              {"52e", domain.PasswordWrong},
		"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52f, v3839":                                             {"52f", domain.SignInDenied},
		"80090308: LdapErr: DSID-0C09030B, comment: AcceptSecurityContext error, data 530, v893":                                              {"530", domain.SignInDenied},
		"80090308: LdapErr:DSID-0C09030B, comment: AcceptSecurityContext error, data 531, v893":                                               {"531", domain.SignInDenied},
		"80090308: LdapErr: DSID-0C09030B, comment: AcceptSecurityContext error, data 532, v893":                                              {"532", domain.ResetRequired},
		"80090308: LdapErr: DSID-0C09030B, comment: AcceptSecurityContext error, data 533, v893":                                              {"533", domain.UserDisabled},
		"80090308: LdapErr: DSID-0C090453, comment: AcceptSecurityContext error, data 569, v4563":                                             {"569", domain.SignInDenied},
		"80090308: LdapErr: DSID-0C09030B, comment: AcceptSecurityContext error, data 701, v893":                                              {"701", domain.SignInDenied},
		"80090308: LdapErr: DSID-0C09030B, comment: AcceptSecurityContext error, data 773, v893":                                              {"773", domain.TemporaryPasswordAccepted},
		"80090308: LdapErr: DSID-0C090400, comment: AcceptSecurityContext error, data 775, v1db1":                                             {"775", domain.LockedOut},
		"80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data 2030, v2580":                                            {"2030", domain.UserUnknown},
		"80090308: LdapErr: DSID-0C0903D0, comment: AcceptSecurityContext error, data 51f, v2580":                                             {"51f", 0},
		"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 57, v2580":                                              {"57", domain.PasswordWrong},
		"80090346: LdapErr: DSID-0C090588, comment: AcceptSecurityContext error, data 80090346, v4563":                                        {"80090346", domain.PasswordWrong},
		"000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection": {"", domain.PasswordWrong},
		"NDS error: failed authentication (-669)":                                                                                             {"", domain.PasswordWrong},
		"Invalid credentials": {"", domain.PasswordWrong},
		"data 533, v893":      {"", domain.PasswordWrong},
		"comment: AcceptSecurityContext error, data 533x, v893":                 {"", domain.PasswordWrong},
		"comment: AcceptSecurityContext error, data ":                           {"", domain.PasswordWrong},
		"comment: AcceptSecurityContext error, data 00000000000000000533, v893": {"", domain.PasswordWrong},
		"": {"", domain.PasswordWrong},
	} {
		if code := subCode(message); code != want.code || findingOf(code) != want.kind {
			t.Errorf("%q: got %q, %v, want %q, %v", message, code, findingOf(code), want.code, want.kind)
		}
	}
}

// What a server says beside a bind's result by its password policy, and results
// that are other servers' than OpenLDAP and Active Directory.
func TestBinds(t *testing.T) {
	t.Parallel()
	policy := func(code int8) []ldap.Control {
		control := ldap.NewControlBeheraPasswordPolicy()
		control.Error = code
		return []ldap.Control{control}
	}
	expiring := ldap.NewControlBeheraPasswordPolicy()
	expiring.Expire, expiring.Grace = 3600, 2
	mustChange := []ldap.Control{&ldap.ControlVChuPasswordMustChange{MustChange: true}}
	for name, test := range map[string]struct {
		code     uint16
		controls []ldap.Control
		want     domain.FindingKind
	}{
		"right":                                   {ldap.LDAPResultSuccess, nil, domain.PasswordAccepted},
		"right, a policy with nothing to say":     {ldap.LDAPResultSuccess, policy(-1), domain.PasswordAccepted},
		"right, it will expire":                   {ldap.LDAPResultSuccess, []ldap.Control{expiring}, domain.PasswordAccepted},
		"right, and to be changed":                {ldap.LDAPResultSuccess, policy(policyChangeAfterReset), domain.TemporaryPasswordAccepted},
		"right, and expired":                      {ldap.LDAPResultSuccess, policy(policyPasswordExpired), domain.ResetRequired},
		"right, and to be changed (draft-vchu)":   {ldap.LDAPResultSuccess, mustChange, domain.TemporaryPasswordAccepted},
		"right, and locked":                       {ldap.LDAPResultSuccess, policy(policyAccountLocked), domain.PasswordAccepted},
		"refused":                                 {ldap.LDAPResultInvalidCredentials, nil, domain.PasswordWrong},
		"refused, a policy with nothing to say":   {ldap.LDAPResultInvalidCredentials, policy(-1), domain.PasswordWrong},
		"refused, expired":                        {ldap.LDAPResultInvalidCredentials, policy(policyPasswordExpired), domain.ResetRequired},
		"refused, expired (draft-vchu)":           {ldap.LDAPResultInvalidCredentials, mustChange, domain.ResetRequired},
		"refused, to be changed":                  {ldap.LDAPResultInvalidCredentials, policy(policyChangeAfterReset), domain.ResetRequired},
		"refused, locked":                         {ldap.LDAPResultInvalidCredentials, policy(policyAccountLocked), domain.LockedOut},
		"constraint violation, locked":            {ldap.LDAPResultConstraintViolation, policy(policyAccountLocked), domain.LockedOut},
		"constraint violation":                    {ldap.LDAPResultConstraintViolation, nil, domain.LockedOut},
		"unwilling to perform":                    {ldap.LDAPResultUnwillingToPerform, nil, domain.SignInDenied},
		"no password is kept":                     {ldap.LDAPResultInappropriateAuthentication, nil, domain.PasswordWrong},
		"gone":                                    {ldap.LDAPResultNoSuchObject, nil, domain.UserUnknown},
		"busy":                                    {ldap.LDAPResultBusy, nil, 0},
		"unavailable":                             {ldap.LDAPResultUnavailable, nil, 0},
		"another step is wanted":                  {ldap.LDAPResultSaslBindInProgress, nil, 0},
		"a referral":                              {ldap.LDAPResultReferral, nil, 0},
		"a result that there is none of":          {4096, nil, 0},
		"a policy's error that is of no interest": {ldap.LDAPResultInvalidCredentials, policy(8), domain.PasswordWrong},
	} {
		if got := readBind(test.code, "", test.controls); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

// No text of a server or of the library gets into an error.
func TestFaultsShowNothing(t *testing.T) {
	t.Parallel()
	const secret = "uid=hanako,ou=people"
	for name, test := range map[string]struct {
		err  error
		want error
	}{
		"a result":            {&ldap.Error{ResultCode: ldap.LDAPResultInsufficientAccessRights, MatchedDN: secret, Err: errors.New(secret)}, ports.ErrMisconfigured},
		"an unknown result":   {&ldap.Error{ResultCode: 123, MatchedDN: secret, Err: errors.New(secret)}, ports.ErrMisconfigured},
		"the library's":       {ldap.NewError(ldap.ErrorNetwork, errors.New(secret)), ports.ErrUnreachable},
		"another":             {errors.New(secret), ports.ErrUnreachable},
		"the network's":       {&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}, ports.ErrUnreachable},
		"an untrusted server": {ldap.NewError(ldap.ErrorNetwork, errors.New("TLS handshake failed (tls: failed to verify certificate: x509: "+secret+")")), ports.ErrMisconfigured},
	} {
		err := faultOf(t.Context(), "search", test.err)
		if !errors.Is(err, test.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := faultOf(ctx, "search", errors.New(secret)); err != context.Canceled { //nolint:errorlint // as it is, not wrapped
		t.Errorf("after the context's end: %v", err)
	}
}

// What is no day and no GUID is none.
func TestValuesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"accountExpires": "soon", "pwdEndTime": "2020", "shadowExpire": "0", "userAccountControl": "0x2", "nsAccountLock": "no", "pwdAccountLockedTime": "20200101000000Z",
	} {
		if switchedOff(ldap.NewEntry("", map[string][]string{name: {value}}), time.Now()) {
			t.Errorf("%s=%s switches off", name, value)
		}
	}
	if !switchedOff(ldap.NewEntry("", map[string][]string{"nsaccountlock": {"true"}}), time.Now()) {
		t.Error("nsAccountLock does not switch off")
	}
	if got := guid([]byte("short")); got != "" {
		t.Errorf("a GUID of five bytes: %q", got)
	}
	if got := groupNames([]string{"not a DN", "", "cn=a+ou=b,dc=c", "cn=a,dc=d"}); len(got) != 1 || got[0] != "a" {
		t.Errorf("groups: %q", got)
	}
}
