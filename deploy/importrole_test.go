package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheOperatorMayDoWhatAnImportCalls compares the actions of the operator's policy
// with the operations that the adapter names; DescribeUserPool is the listing's.
func TestTheOperatorMayDoWhatAnImportCalls(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile(filepath.Join("..", "adapters", "cognitosource", "importjob", "importjob.go"))
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{"cognito-idp:DescribeUserPool": true, "iam:PassRole": true}
	for _, found := range regexp.MustCompile(`"((?:Get|Create|List|Describe|Start|Stop)[A-Z][A-Za-z]+)"`).FindAllStringSubmatch(string(code), -1) {
		service := "cognito-idp:"
		if strings.Contains(found[1], "Log") {
			service = "logs:"
		}
		called[service+found[1]] = true
	}
	stack := newStack(readTemplate(t, importTemplate), "111111111111", "ap-northeast-1", "aws", exampleParameters(t, importTemplate))
	policy := fmt.Sprint(stack.resources()["OperatorPolicy"])
	allowed := regexp.MustCompile(`(?:cognito-idp|logs|iam):[A-Z][A-Za-z]+`).FindAllString(policy, -1)
	for action := range called {
		if !slices.Contains(allowed, action) {
			t.Errorf("%s is called, and not allowed", action)
		}
	}
	for _, action := range allowed {
		if !called[action] {
			t.Errorf("%s is allowed, and not called", action)
		}
	}
	if len(called) < 9 {
		t.Errorf("only %d calls were found", len(called))
	}
}
