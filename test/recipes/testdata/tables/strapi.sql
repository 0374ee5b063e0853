CREATE TABLE up_users (id integer PRIMARY KEY, username varchar(255), email varchar(255), provider varchar(255), password varchar(255), reset_password_token varchar(255), confirmation_token varchar(255), confirmed boolean, blocked boolean);
{{range .}}INSERT INTO up_users VALUES ({{.N}}, '{{.Name}}', '{{.Email}}', 'local', {{.SQL}}, NULL, NULL, true, false);
{{end}}
