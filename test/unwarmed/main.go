// Unwarmed is the function with everything, without what is prepared at start.
// The benchmark measures it to tell what that takes and gives.
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
	binary := everything.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv))
	binary.Unwarmed = true
	bootstrap.Main(version, binary)
}
