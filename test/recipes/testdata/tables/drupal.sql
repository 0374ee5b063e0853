CREATE TABLE users_field_data (uid int unsigned NOT NULL, langcode varchar(12) NOT NULL, name varchar(60) NOT NULL, pass varchar(255), mail varchar(254), status tinyint, default_langcode tinyint NOT NULL, PRIMARY KEY (uid, langcode));
CREATE TABLE user__roles (bundle varchar(128) NOT NULL, entity_id int unsigned NOT NULL, delta int unsigned NOT NULL, roles_target_id varchar(255) NOT NULL);
INSERT INTO users_field_data VALUES (0, 'en', '', NULL, NULL, 0, 1);
{{range .}}INSERT INTO users_field_data VALUES ({{.N}}, 'en', '{{.Name}}', {{.SQL}}, '{{.Email}}', 1, 1);
INSERT INTO user__roles VALUES ('user', {{.N}}, 0, 'content_editor');
{{end}}
