// Bootstrap-cognito is the Lambda function with only the Cognito source, for
// the smallest image (docs/weight.md).
package main

import (
	"os"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app"
	"cognito-user-migration/app/bootstrap"
	"cognito-user-migration/ports/parts"
)

// version is set by the build.
var version = "devel"

func main() {
	account := stscredentials.NewAccount(awsenv.Config, os.Getenv)
	bootstrap.Main(version, app.Parts{Sources: []parts.SourceKind{cognitosource.Kind(account)}})
}
