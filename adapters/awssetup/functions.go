package awssetup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// FunctionAPI has the operations that are called.
type FunctionAPI interface {
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
}

// Functions reads functions.
type Functions struct {
	api FunctionAPI
}

// NewFunctions returns a reader that uses the client.
func NewFunctions(api FunctionAPI) *Functions {
	return &Functions{api: api}
}

// Function implements [setup.FunctionReader].
func (f *Functions) Function(ctx context.Context, name string) (setup.Function, error) {
	base, qualifier := splitQualifier(name)
	answer, err := f.api.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{
		FunctionName: &base, Qualifier: optional(qualifier),
	})
	if err != nil {
		return setup.Function{}, classify(ctx, "GetFunctionConfiguration", err)
	}
	read := setup.Function{
		ARN: aws.ToString(answer.FunctionArn), Name: aws.ToString(answer.FunctionName), Role: aws.ToString(answer.Role),
		Timeout:       time.Duration(aws.ToInt32(answer.Timeout)) * time.Second,
		MemoryMB:      int(aws.ToInt32(answer.MemorySize)),
		PackageType:   string(answer.PackageType),
		Architectures: texts(answer.Architectures),
		State:         string(answer.State),
		StateReason:   aws.ToString(answer.StateReason),
	}
	if image := answer.ImageConfigResponse; image != nil && image.ImageConfig != nil {
		read.Command = image.ImageConfig.Command
	}
	if environment := answer.Environment; environment == nil || environment.Error == nil {
		read.Environment = make(map[string]domain.Secret)
		if environment != nil {
			for variable, value := range environment.Variables {
				read.Environment[variable] = domain.NewSecret(value)
			}
		}
	}
	return read, nil
}

// InvokePermissions implements [setup.FunctionReader].
func (f *Functions) InvokePermissions(ctx context.Context, name string) ([]setup.InvokePermission, error) {
	base, qualifier := splitQualifier(name)
	answer, err := f.api.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &base, Qualifier: optional(qualifier)})
	if err != nil {
		err = classify(ctx, "GetPolicy", err)
		if errors.Is(err, setup.ErrNotFound) {
			return nil, nil // a function without a policy; another check asks whether the function exists
		}
		return nil, err
	}
	permissions, err := readPolicy(aws.ToString(answer.Policy))
	if err != nil {
		return nil, fmt.Errorf("GetPolicy: %w", err)
	}
	return permissions, nil
}

// splitQualifier splits a function's name or ARN from the version or alias at its
// end.
func splitQualifier(name string) (base, qualifier string) {
	parts := strings.Split(name, ":")
	switch {
	case strings.HasPrefix(name, "arn:") && len(parts) == 8:
		return strings.Join(parts[:7], ":"), parts[7]
	case !strings.HasPrefix(name, "arn:") && len(parts) == 2:
		return parts[0], parts[1]
	default:
		return name, ""
	}
}

// readPolicy reads a resource-based policy. Principals, actions and conditions
// are each a text or a list of them ("IAM JSON policy elements reference").
func readPolicy(document string) ([]setup.InvokePermission, error) {
	var policy struct {
		Statement []struct {
			Effect    string
			Principal json.RawMessage
			Action    oneOrMore
			Condition map[string]map[string]oneOrMore
		}
	}
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return nil, fmt.Errorf("the function's policy is not valid JSON: %w", err)
	}
	var permissions []setup.InvokePermission
	for _, statement := range policy.Statement {
		permission := setup.InvokePermission{Allow: statement.Effect == "Allow", Actions: statement.Action}
		var everyone string
		var named map[string]oneOrMore
		switch {
		case json.Unmarshal(statement.Principal, &everyone) == nil:
			permission.Principals = []string{everyone}
		case json.Unmarshal(statement.Principal, &named) == nil:
			for _, principals := range named {
				permission.Principals = append(permission.Principals, principals...)
			}
		}
		for operator, conditions := range statement.Condition {
			for key, values := range conditions {
				switch {
				case strings.EqualFold(key, "AWS:SourceArn") && slices.Contains([]string{"ArnLike", "ArnEquals", "StringEquals", "StringLike"}, operator):
					permission.SourceARNs = append(permission.SourceARNs, values...)
				case strings.EqualFold(key, "AWS:SourceAccount") && operator == "StringEquals":
					permission.SourceAccounts = append(permission.SourceAccounts, values...)
				default:
					permission.OtherConditions = append(permission.OtherConditions, operator+" "+key)
				}
			}
		}
		slices.Sort(permission.OtherConditions)
		permissions = append(permissions, permission)
	}
	return permissions, nil
}

// oneOrMore is a text, or a list of texts.
type oneOrMore []string

// UnmarshalJSON implements [json.Unmarshaler].
func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}
