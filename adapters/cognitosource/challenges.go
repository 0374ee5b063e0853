package cognitosource

import (
	"slices"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// readChallenge reads the state of the sign-in. A sign-in is complete only if
// the response has no challenge and an access token (cognito-facts 23); RFC
// 6749, section 5.1 requires that token. A response with neither proves
// nothing; its error matches [ports.ErrUnreachable].
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

// challengeKind returns the meaning of a challenge. With this flow, Cognito
// asks for a second factor or its set-up only after a right password. For other
// challenges, this is not known.
func challengeKind(challenge types.ChallengeNameType) domain.FindingKind {
	switch challenge { //nolint:exhaustive // the others have one meaning
	case types.ChallengeNameTypeNewPasswordRequired:
		return domain.TemporaryPasswordAccepted
	case types.ChallengeNameTypeSmsMfa,
		types.ChallengeNameTypeSoftwareTokenMfa,
		types.ChallengeNameTypeEmailOtp,
		types.ChallengeNameTypeSelectMfaType,
		types.ChallengeNameTypeWebAuthn, // a passkey, in a pool that accepts passkeys as second factor
		types.ChallengeNameTypeMfaSetup:
		return domain.MFARequired
	default:
		return domain.ChallengeUnsupported
	}
}

// isKnownChallenge reports whether the SDK knows the name; other names are not
// recorded.
func isKnownChallenge(challenge types.ChallengeNameType) bool {
	return slices.Contains(challenge.Values(), challenge)
}
