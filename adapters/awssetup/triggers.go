package awssetup

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// attachment is a function that is a trigger, and the version of the event that it
// gets; the version is empty where the trigger has only one.
type attachment struct{ function, version string }

// trigger is a trigger of user pools that can be set and taken off.
type trigger interface {
	read(triggers *types.LambdaConfigType) attachment
	write(triggers *types.LambdaConfigType, to attachment)
	// version is the version of the event that a function gets in a pool of this
	// feature plan.
	version(plan types.UserPoolTierType, attached attachment, function string) string
	// expect writes the expected values after the change into the flat pool. What
	// AWS may or may not tell besides is taken out of both.
	expect(expected, after map[string]string, to attachment)
}

// userMigration is the user migration trigger.
type userMigration struct{}

func (userMigration) read(triggers *types.LambdaConfigType) attachment {
	return attachment{function: aws.ToString(triggers.UserMigration)}
}

func (userMigration) write(triggers *types.LambdaConfigType, to attachment) {
	triggers.UserMigration = optional(to.function)
}

func (userMigration) version(types.UserPoolTierType, attachment, string) string { return "" }

func (userMigration) expect(expected, _ map[string]string, to attachment) {
	set(expected, "LambdaConfig.UserMigration", to.function)
}

// preToken is the pre token generation trigger. It has an old form, which names the
// function alone, and a new one with the version of the event. Where both are there
// they name one function ("LambdaConfigType", Amazon Cognito API Reference).
type preToken struct{}

const (
	fieldClaims        = "LambdaConfig.PreTokenGeneration"
	fieldClaimsARN     = "LambdaConfig.PreTokenGenerationConfig.LambdaArn"
	fieldClaimsVersion = "LambdaConfig.PreTokenGenerationConfig.LambdaVersion"
)

func (preToken) read(triggers *types.LambdaConfigType) attachment {
	if config := triggers.PreTokenGenerationConfig; config != nil && aws.ToString(config.LambdaArn) != "" {
		return attachment{aws.ToString(config.LambdaArn), string(config.LambdaVersion)}
	}
	if function := aws.ToString(triggers.PreTokenGeneration); function != "" {
		return attachment{function, string(types.PreTokenGenerationLambdaVersionTypeV10)}
	}
	return attachment{}
}

func (preToken) write(triggers *types.LambdaConfigType, to attachment) {
	triggers.PreTokenGeneration, triggers.PreTokenGenerationConfig = nil, nil
	if to.function != "" {
		triggers.PreTokenGenerationConfig = &types.PreTokenGenerationVersionConfigType{
			LambdaArn: &to.function, LambdaVersion: types.PreTokenGenerationLambdaVersionType(to.version),
		}
	}
}

// version is V2_0 where the plan allows to change access tokens. V3_0 adds the
// tokens that clients get for themselves, in which there is no user; where the
// function has it already, it stays.
func (preToken) version(plan types.UserPoolTierType, attached attachment, function string) string {
	const newest = types.PreTokenGenerationLambdaVersionTypeV30
	switch {
	case plan == "" && attached.function == function: // AWS does not tell what the pool may do
		return attached.version
	case plan != types.UserPoolTierTypeEssentials && plan != types.UserPoolTierTypePlus:
		return string(types.PreTokenGenerationLambdaVersionTypeV10)
	case attached == (attachment{function, string(newest)}):
		return string(newest)
	default:
		return string(types.PreTokenGenerationLambdaVersionTypeV20)
	}
}

func (preToken) expect(expected, after map[string]string, to attachment) {
	set(expected, fieldClaimsARN, to.function)
	set(expected, fieldClaimsVersion, to.version)
	delete(expected, fieldClaims)
	if after[fieldClaims] == to.function { // AWS may tell the function in the old form too
		delete(after, fieldClaims)
	}
}

// set writes a value, or takes it out where it is empty.
func set(pool map[string]string, path, value string) {
	delete(pool, path)
	if value != "" {
		pool[path] = value
	}
}
