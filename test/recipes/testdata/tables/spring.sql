CREATE TABLE users (username varchar(50) NOT NULL PRIMARY KEY, password varchar(500) NOT NULL, enabled boolean NOT NULL);
CREATE TABLE authorities (username varchar(50) NOT NULL REFERENCES users, authority varchar(50) NOT NULL);
{{range .}}INSERT INTO users VALUES ('{{.Name}}', {{.SQL}}, true);
INSERT INTO authorities VALUES ('{{.Name}}', 'ROLE_USER');
{{end}}
