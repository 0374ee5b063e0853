package cognitosource

import (
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// readChallenge reads how far the sign-in came. Only an answer without any
// challenge and with a result is a completed sign-in (cognito-facts 23); one
// with neither says nothing.
func (d *Directory) readChallenge(answer *cognitoidentityprovider.AdminInitiateAuthOutput) (domain.Finding, error) {
	if answer.ChallengeName == "" {
		if answer.AuthenticationResult == nil {
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
		types.ChallengeNameTypeWebAuthn,
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
