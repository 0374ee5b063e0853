CREATE TABLE phpbb_users (user_id int unsigned PRIMARY KEY, user_type tinyint NOT NULL DEFAULT 0, username varchar(255) NOT NULL, username_clean varchar(255) NOT NULL UNIQUE, user_password varchar(255) NOT NULL, user_email varchar(100) NOT NULL) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin;
{{range .}}INSERT INTO phpbb_users VALUES ({{.N}}, 0, '{{.Name}}', '{{.Name}}', {{.SQL}}, '{{.Email}}');
{{end}}
