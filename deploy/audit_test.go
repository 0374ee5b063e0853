package deploy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Each function may put records where AuditSinks says, and nowhere else.
func TestAuditPermissionsAreThoseOfTheSinksThatAreChosen(t *testing.T) {
	t.Parallel()
	const (
		bus    = "events:PutEvents arn:aws:events:ap-northeast-1:111111111111:event-bus/default"
		stream = "firehose:PutRecord arn:aws:firehose:ap-northeast-1:111111111111:deliverystream/audit"
		theirs = "arn:aws:events:ap-northeast-1:333333333333:event-bus/all"
	)
	for name, row := range map[string]struct {
		parameters []string
		want       []string
	}{
		"the log alone":             {nil, nil},
		"a bus by its name":         {[]string{"AuditSinks", "log,eventbridge"}, []string{bus}},
		"a bus by its ARN":          {[]string{"AuditSinks", "eventbridge", "AuditEventBus", theirs}, []string{"events:PutEvents " + theirs}},
		"a stream":                  {[]string{"AuditSinks", "firehose,log", "AuditFirehoseStream", "audit"}, []string{stream}},
		"both":                      {[]string{"AuditSinks", "firehose,eventbridge", "AuditFirehoseStream", "audit"}, []string{bus, stream}},
		"a stream that is not used": {[]string{"AuditFirehoseStream", "audit"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws",
				with(exampleParameters(t, destination), append(row.parameters, "CompletionAfter", "disable")...))
			resources := stack.resources()
			for _, role := range []string{"FunctionRole", "CompletionRole"} {
				var got []string
				for _, policy := range resources[role]["Properties"].(map[string]any)["Policies"].([]any) {
					for _, statement := range policy.(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
						given := statement.(map[string]any)
						for _, action := range texts(given["Action"].([]any)) {
							if strings.HasPrefix(action, "events:") || strings.HasPrefix(action, "firehose:") {
								got = append(got, action+" "+fmt.Sprint(given["Resource"]))
							}
						}
					}
				}
				if slices.Sort(got); !slices.Equal(got, row.want) {
					t.Errorf("%s may %q, want %q", role, got, row.want)
				}
			}
			if len(stack.problems) > 0 {
				t.Error(stack.problems)
			}
		})
	}
}
