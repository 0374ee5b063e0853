package main

import (
	"cognito-user-migration/app"
	"cognito-user-migration/app/bootstrap"
	"cognito-user-migration/ports/parts"
)

func main() {
	bootstrap.Main("example", app.Parts{Sources: []parts.SourceKind{kind()}})
}
