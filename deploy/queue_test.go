package deploy_test

import (
	"fmt"
	"slices"
	"testing"
)

// Whoever may send to the queue could try to name people to retire. Only the
// function that moves them may, and nothing is sent or read without TLS. That
// Terraform makes the same is another test's.
func TestOnlyTheMigrationFunctionSendsToTheQueueAndOnlyOverTLS(t *testing.T) {
	t.Parallel()
	stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws",
		with(exampleParameters(t, destination), "CompletionAfter", "disable", "FunctionRoleName", "a-role"))
	resources := stack.resources()
	if len(stack.problems) > 0 {
		t.Fatal(stack.problems)
	}
	queue := "arn:aws:sqs:ap-northeast-1:111111111111:user-migration-completion"
	for name, row := range map[string]struct{ queue, arn, sends string }{
		"CompletionQueuePolicy":       {"CompletionQueue", queue, "map[ArnNotEquals:map[aws:PrincipalArn:arn:aws:iam::111111111111:role/a-role]]"},
		"CompletionDeadLettersPolicy": {"CompletionDeadLetters", queue + "-dead", "map[Bool:map[aws:PrincipalIsAWSService:false]]"},
	} {
		properties := resources[name]["Properties"].(map[string]any)
		denied := make(map[string]string) // conditions by action
		for _, statement := range properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			given := statement.(map[string]any)
			if given["Effect"] != "Deny" || given["Principal"] != "*" || given["Resource"] != row.arn {
				t.Errorf("%s: %v", name, given)
			}
			denied[fmt.Sprint(given["Action"])] = fmt.Sprint(given["Condition"])
		}
		if len(denied) != 2 || denied["sqs:SendMessage"] != row.sends || denied["sqs:*"] != "map[Bool:map[aws:SecureTransport:false]]" {
			t.Errorf("%s denies %q", name, denied)
		}
		if queues := properties["Queues"].([]any); len(queues) != 1 {
			t.Errorf("%s is of %v", name, queues)
		}
		if resources[row.queue]["Properties"].(map[string]any)["SqsManagedSseEnabled"] != true {
			t.Errorf("%s is not encrypted", row.queue)
		}
	}
	roles := roleActions(resources)
	for role, actions := range roles {
		if sends := slices.Contains(actions, "sqs:SendMessage"); sends != (role == "FunctionRole") {
			t.Errorf("%s may send: %t", role, sends)
		}
	}
}
