variable "name" {
  description = "Prefix of the repositories, for example storywright-dev."
  type        = string
}

variable "images" {
  description = "The images, one repository each."
  type        = set(string)

  validation {
    condition     = length(var.images) > 0 && alltrue([for image in var.images : can(regex("^[a-z][a-z0-9-]*$", image))])
    error_message = "Name at least one image, in lower-case letters, digits and hyphens, for example serve."
  }
}

variable "key_arn" {
  description = "ARN of the key that encrypts the images."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.key_arn))
    error_message = "Images are always encrypted with a key of ours: give the ARN of a KMS key."
  }
}

variable "keep_images" {
  description = "How many images of each repository are kept."
  type        = number
  default     = 100

  validation {
    condition     = var.keep_images >= 10
    error_message = "Keep at least 10 images: a rollback may need an older one."
  }
}

variable "force_delete" {
  description = "Whether a repository may be destroyed with its images."
  type        = bool
  default     = false
}
