package lambdasource

// Set sets the settings, as the environment does.
func (c *configured) Set(settings Settings) { c.Settings = settings }
