package app

import (
	"cognito-user-migration/adapters/claimstrigger"
	"cognito-user-migration/app/config"
)

// StartClaims makes the function of the command claims, which puts the sub that a
// user had at the source into the tokens of the destination. It reads the family
// CLAIMS_ of the environment alone.
func StartClaims(process Process) (Function, error) {
	settings, err := config.LoadClaims(process.Environ)
	if err != nil {
		return Function{}, err
	}
	log := newProcessLogger(process)
	return Function{Handler: claimstrigger.New(log, claimstrigger.Options{Claim: settings.Claim, Attribute: settings.Attribute}), Log: log, Tracing: &Tracing{}}, nil
}
