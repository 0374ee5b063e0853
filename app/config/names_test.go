package config

import (
	"strings"
	"testing"
)

func TestNamesOfPlacesAreCheckedForTheirShape(t *testing.T) {
	t.Parallel()
	for text, right := range map[string]bool{
		"default": true, "aws.partner/example.com/1": true, "a-b_c": true, strings.Repeat("b", 256): true,
		"arn:aws:events:ap-northeast-1:123456789012:event-bus/audit":     true,
		"arn:aws-us-gov:events:us-gov-west-1:123456789012:event-bus/a/b": true,
		"arn:aws:events:us-east-1:123456789012:event-bus/":               false,
		"arn:aws:events:us-east-1:12345678901:event-bus/audit":           false,
		"arn:aws:sqs:us-east-1:123456789012:event-bus/audit":             false,
		"arn:aws:events:us-east-1:123456789012:event-bus/a:event-bus/b":  false,
		"x:event-bus/audit": false,
		"arn:aws:events:us-east-1:123456789012:rule/audit": false,
		"":                       false,
		"a b":                    false,
		"a\n":                    false,
		"ü":                      false,
		strings.Repeat("b", 257): false,
	} {
		var bus eventBus
		if err := bus.UnmarshalText([]byte(text)); (err == nil) != right || right && string(bus) != text {
			t.Errorf("bus %q: %v", text, err)
		}
	}
	for text, right := range map[string]bool{
		"audit": true, "a.b-c_D1": true, strings.Repeat("s", 64): true,
		"": false, "a/b": false, "a b": false, strings.Repeat("s", 65): false,
	} {
		var stream firehoseStream
		if err := stream.UnmarshalText([]byte(text)); (err == nil) != right || right && string(stream) != text {
			t.Errorf("stream %q: %v", text, err)
		}
	}
}
