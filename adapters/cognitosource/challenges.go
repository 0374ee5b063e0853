package cognitosource

import (
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// readChallenge reads how far the sign-in came. Only an answer without a
// challenge and with an access token is a completed sign-in (cognito-facts 23):
// RFC 6749, section 5.1 requires that token of every successful answer. An answer
// with neither proves nothing; its error matches [ports.ErrUnreachable].
func (d *Directory) readChallenge(answer *cognitoidentityprovider.AdminInitiateAuthOutput) (domain.Finding, error) {
	if answer.ChallengeName == "" {
		if result := answer.AuthenticationResult; result == nil || aws.ToString(result.AccessToken) == "" {
			return domain.Finding{}, awsfault.Empty(adapter, "AdminInitiateAuth")
		}
		return d.found(domain.PasswordAccepted), nil
	}
	finding := d.found(challengeKind(answer.ChallengeName))
	if isKnownChallenge(answer.ChallengeName) {
		finding.Challenge = string(answer.ChallengeName)
	}
	return finding, nil
}

// challengeKind says what a challenge means. With this flow the service asks
// for a second factor, or for its setting up, only once the password was right;
// of the others that cannot be said.
func challengeKind(challenge types.ChallengeNameType) domain.FindingKind {
	switch challenge {
	case types.ChallengeNameTypeNewPasswordRequired:
		return domain.TemporaryPasswordAccepted
	case types.ChallengeNameTypeSmsMfa,
		types.ChallengeNameTypeSoftwareTokenMfa,
		types.ChallengeNameTypeEmailOtp,
		types.ChallengeNameTypeSelectMfaType,
		types.ChallengeNameTypeWebAuthn, // a passkey, in a pool that takes passkeys as second factor
		types.ChallengeNameTypeMfaSetup:
		return domain.MFARequired
	case types.ChallengeNameTypePasswordVerifier,
		types.ChallengeNameTypeCustomChallenge,
		types.ChallengeNameTypeSelectChallenge,
		types.ChallengeNameTypeDeviceSrpAuth,
		types.ChallengeNameTypeDevicePasswordVerifier,
		types.ChallengeNameTypeAdminNoSrpAuth,
		types.ChallengeNameTypeSmsOtp,
		types.ChallengeNameTypePassword,
		types.ChallengeNameTypePasswordSrp:
		return domain.ChallengeUnsupported
	default:
		return domain.ChallengeUnsupported
	}
}

// isKnownChallenge holds for the names that the SDK knows: only those are
// passed on to records.
func isKnownChallenge(challenge types.ChallengeNameType) bool {
	for _, known := range challenge.Values() {
		if challenge == known {
			return true
		}
	}
	return false
}
