package ldapsource

import (
	"strings"

	"cognito-user-migration/domain"

	"github.com/go-ldap/ldap/v3"
)

// readBind reads the result of a user's bind: a finding about the user, or 0
// for other results.
func readBind(code uint16, message string, controls []ldap.Control) domain.FindingKind {
	right := code == ldap.LDAPResultSuccess
	if kind := readPolicy(right, controls); kind != 0 {
		return kind
	}
	switch code {
	case ldap.LDAPResultSuccess:
		return domain.PasswordAccepted
	case ldap.LDAPResultInvalidCredentials:
		return findingOf(subCode(message))
	case ldap.LDAPResultInappropriateAuthentication:
		// The entry has no password (RFC 4511, appendix A.2).
		return domain.PasswordWrong
	case ldap.LDAPResultNoSuchObject:
		return domain.UserUnknown // gone since the search
	case ldap.LDAPResultConstraintViolation:
		return domain.LockedOut // 389 Directory Server: "Exceed password retry limit"
	case ldap.LDAPResultUnwillingToPerform:
		// 389 Directory Server and eDirectory: disabled, expired, or outside
		// the allowed hours. The server accepted the service account, so it
		// binds others.
		return domain.SignInDenied
	default:
		return 0
	}
}

// Errors of the password policy control (draft-behera-ldap-password-policy-10,
// 6.2).
const (
	policyPasswordExpired  = 0
	policyAccountLocked    = 1
	policyChangeAfterReset = 2
)

// readPolicy reads the password policy's response control of a bind, or returns
// 0 if it says nothing relevant. If the server accepts an expired password (a
// grace authentication), the password counts as accepted.
func readPolicy(right bool, controls []ldap.Control) domain.FindingKind {
	for _, control := range controls {
		switch control := control.(type) {
		case *ldap.ControlBeheraPasswordPolicy:
			switch {
			case control.Error == policyChangeAfterReset && right:
				return domain.TemporaryPasswordAccepted
			case control.Error == policyPasswordExpired, control.Error == policyChangeAfterReset:
				return domain.ResetRequired
			case control.Error == policyAccountLocked && !right:
				return domain.LockedOut
			}
		case *ldap.ControlVChuPasswordMustChange: // draft-vchu-ldap-pwd-policy
			if right {
				return domain.TemporaryPasswordAccepted
			}
			return domain.ResetRequired
		}
	}
	return 0
}

// subCode returns the Win32 error in the message of Active Directory's result
// 49, in hexadecimal, or an empty text:
//
//	80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580
func subCode(message string) string {
	const before, longest = "AcceptSecurityContext error, data ", 8
	_, rest, _ := strings.Cut(message, before)
	code, _, _ := strings.Cut(rest, ",")
	if code == "" || len(code) > longest || strings.Trim(code, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return strings.ToLower(code)
}

// findingOf reads Active Directory's sub-codes, which are Win32 errors
// ([MS-ERREF], 2.2). It returns 0 if the domain controller could not check the
// password. Microsoft does not document which codes require a right password.
// By experience, these are 530 to 533, 701 and 773 (ldapwiki, "Common Active
// Directory Bind Errors"). No user becomes CONFIRMED by them, except for 773
// with MIGRATE_ON_TEMPORARY_PASSWORD=confirm.
//
// An unknown code is a wrong password, and is refused.
func findingOf(subCode string) domain.FindingKind {
	switch subCode {
	case "525", // ERROR_NO_SUCH_USER
		"2030": // ERROR_DS_NO_SUCH_OBJECT, of AD LDS
		return domain.UserUnknown
	case "52e": // ERROR_LOGON_FAILURE
		return domain.PasswordWrong
	case "52f", // ERROR_ACCOUNT_RESTRICTION
		"530", // ERROR_INVALID_LOGON_HOURS
		"531", // ERROR_INVALID_WORKSTATION
		"569", // ERROR_LOGON_TYPE_NOT_GRANTED
		"701": // ERROR_ACCOUNT_EXPIRED
		return domain.SignInDenied
	case "532": // ERROR_PASSWORD_EXPIRED
		return domain.ResetRequired
	case "533": // ERROR_ACCOUNT_DISABLED
		return domain.UserDisabled
	case "773": // ERROR_PASSWORD_MUST_CHANGE: an administrator set it
		return domain.TemporaryPasswordAccepted
	case "775": // ERROR_ACCOUNT_LOCKED_OUT
		return domain.LockedOut
	case "51f": // ERROR_NO_LOGON_SERVERS
		return 0
	default:
		return domain.PasswordWrong
	}
}
