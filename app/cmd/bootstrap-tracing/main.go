// Bootstrap-tracing is the Lambda function with everything, including
// OpenTelemetry (docs/tracing.md).
package main

import (
	"os"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/adapters/tracing"
	"cognito-user-migration/app/bootstrap"
	"cognito-user-migration/app/everything"
)

// version is set by the build.
var version = "devel"

func main() {
	binary := everything.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv))
	binary.Tracing = tracing.Part()
	bootstrap.Main(version, binary)
}
