# Hashes made by Devise's and Rails' own code. Usage: ruby make.rb FRAMEWORKS < passwords.json
require 'json'

frameworks = ARGV[0]
gems = Dir["#{frameworks}/usr/{share,lib/*}/rubygems-integration/*/gems/*/lib"] +
       Dir["#{frameworks}/usr/share/rubygems-integration/all/gems/concurrent-ruby-[0-9]*/lib/concurrent-ruby"] +
       Dir["#{frameworks}/usr/lib/*/rubygems-integration/*/extensions/*/*/bcrypt-*"]
$LOAD_PATH.concat(gems)
passwords = JSON.parse($stdin.read)

def emit(name, framework, version, passwords)
  hashes = passwords.map { |kind, password| { format: 'bcrypt', password: kind, hash: yield(password) } }
  puts "#{name}\t#{JSON.generate(framework: framework, version: version, origin: 'own code', hashes: hashes)}"
end

require 'bcrypt'
require 'active_model'

class User
  extend ActiveModel::Callbacks
  include ActiveModel::Validations
  include ActiveModel::SecurePassword
  attr_accessor :password_digest
  has_secure_password
end
ActiveModel::SecurePassword.min_cost = true
# More than 72 bytes are not valid, so no user of Rails has such a password.
emit('rails', 'Rails', ActiveModel.version.to_s, passwords.slice('plain', 'ugly')) do |password|
  user = User.new
  user.password = password
  raise user.errors.full_messages.join(', ') unless user.valid?
  user.password_digest
end

module Devise
  Configuration = Struct.new(:stretches, :pepper)
end
require 'devise/version'
require 'devise/encryptor'
configuration = Devise::Configuration.new(5, 'pepper-of-devise-0123456789abcdef')
emit('devise', 'Devise', Devise::VERSION, passwords) { |password| Devise::Encryptor.digest(configuration, password) }
