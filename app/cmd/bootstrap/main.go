// Bootstrap is the program in the image: the Lambda function with everything
// except tracing.
package main

import (
	"os"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/bootstrap"
	"cognito-user-migration/app/everything"
)

// version is set by the build.
var version = "devel"

func main() {
	bootstrap.Main(version, everything.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv)))
}
