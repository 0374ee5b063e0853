package filesource

// Settings are the variables of a file as source.
type Settings struct {
	Path string `env:"PATH,required" takes:"the path of a JSON file" desc:"The file of people; docs/file-source.md has its form."`
}

// Validate reports nothing: the file is read when it is opened.
func (s *Settings) Validate(func(string) string) []error {
	return nil
}

// Warnings tells what is allowed but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	return []string{variable("KIND") + "=file has no lockout of its own: passwords can be guessed against it as fast as Cognito lets a client try"}
}
