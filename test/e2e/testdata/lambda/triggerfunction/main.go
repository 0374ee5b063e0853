// The program is a user migration function in Go, with faults on demand.
package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

func handle(_ context.Context, event map[string]any) (any, error) {
	response, _ := event["response"].(map[string]any)
	request, _ := event["request"].(map[string]any)
	switch event["userName"] {
	case "slow":
		select {}
	case "dead":
		os.Exit(3)
	case "huge":
		response["userAttributes"] = map[string]string{"name": strings.Repeat("a", 300000)}
		return event, nil
	case "broken":
		panic("wrong code")
	case "hanako":
		if event["triggerSource"] == "UserMigration_Authentication" {
			if request["password"] != "Correct-Horse-1" {
				return nil, errors.New("Bad password")
			}
			response["finalUserStatus"] = "CONFIRMED"
		}
		response["userAttributes"] = map[string]string{"email": "hanako@example.com", "email_verified": "true"}
		response["messageAction"] = "SUPPRESS"
	}
	return event, nil
}

func main() { lambda.Start(handle) }
